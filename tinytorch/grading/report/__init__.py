"""Reads gradebook and results: status, report, explanations, grading again."""
