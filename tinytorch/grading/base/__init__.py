"""What every room of the grader speaks of: limits, what a student's side may do wrong, what grading finds."""
