"""The code that runs inside the sandbox, next to student code: it may be forged, so its messages aren't trusted.

The grader copies this package, whole and under a private name, into the tree that a student process sees. It imports
NumPy, IPython and itself.
"""
