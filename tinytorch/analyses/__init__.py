"""What lesson 06 stands on: runs of kernels, scaling, precision, and what to change first.

`kernel_run`, `races`, `scaling` and `precision` measure; `changes` and `roadmap` put the results in order; `results`
names their keys, and `advice` puts them into sentences.

`relu` measures for lesson 03.
"""

from tinytorch.analyses.rates import ProductRate, product_rates

__all__ = ["ProductRate", "product_rates"]
