"""One set of functions about a notebook's cells, and one shell that runs them, for the student kit and for grading.

Imports no other room of `tinytorch`, so that it may run wherever a notebook does.
"""
