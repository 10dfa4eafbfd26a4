"""What lesson 06 stands on, and the last figures of 03: runs of kernels, scaling, precision, and what to change first.

`kernel_run`, `races`, `scaling` and `precision` measure; `changes` and `roadmap` put the results in order; `results`
names their keys, and `advice` puts them into sentences. `relu` is what lesson 03 ends with.
"""
