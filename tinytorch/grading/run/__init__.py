"""Grading one submission and many: its lessons, the pool, what is kept, and what a grade came from."""
