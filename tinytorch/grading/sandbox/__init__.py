"""Where student code runs: its process, isolated, and the grader's end of the wire to it."""
