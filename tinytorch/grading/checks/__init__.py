"""The parts that decide a check: the `student` fixture, tests of answers, races, hints, and outcomes."""
