"""What runs inside the sandbox, next to student code: it may be forged, so nothing it says is believed.

The grader copies this package, `wire`, `values` and `tinytorch.errors` into the tree that a student process sees,
under a private name; it imports nothing else of the grader's.
"""
