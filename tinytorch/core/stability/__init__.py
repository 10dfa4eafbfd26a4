"""Softmax and layer norm that keep their digits.

Each module is exported from the lesson of its name; this file, written by hand, gathers what a user of them calls.
"""

from tinytorch.core.stability.normalize import layer_norm, log_sum_exp, softmax

__all__ = ["layer_norm", "log_sum_exp", "softmax"]
