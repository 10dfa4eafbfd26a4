"""Work shared between threads that stay: jobs, their workers, and the cores that these are woken on."""

from tinytorch.threads.placement import keep_off_this_core, run_anywhere

__all__ = ["keep_off_this_core", "run_anywhere"]
