"""The types that every room of the grader uses: limits, errors on the student's side, results of grading."""
