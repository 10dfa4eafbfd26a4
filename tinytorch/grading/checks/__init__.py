"""What decides a check: the `student`, what is asked of an answer, races, hints, and how a check's end is judged."""
