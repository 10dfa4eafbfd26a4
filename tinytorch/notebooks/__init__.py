"""One vocabulary for a notebook's cells and one way to run them, for the student kit and for grading.

Imports no other room of `tinytorch`, so that it may run wherever a notebook does.
"""
