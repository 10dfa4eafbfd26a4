"""What is read out of gradebook and results: status, report, explanations, grading again."""
