"""Grading: rooms in the order of a submission's trip; what decides a grade stands apart from what writes it down.

    base, handed_in, collect, sandbox, checks, run      decide a grade: a change in any of them is another grader
    gradebook, report                                   write it down and read it out

`docs/architecture.md` draws the trip; `tests/test_architecture.py` holds who may import whom.
"""
