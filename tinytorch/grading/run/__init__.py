"""Grading of one or many submissions: lessons, the pool, kept results and outcomes, and receipts."""
