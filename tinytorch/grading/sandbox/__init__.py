"""The isolated process that runs student code, and the grader's end of the wire to it."""
