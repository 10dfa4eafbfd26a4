"""Submissions as people and platforms hand them over: what lies in an archive, whose it is, and taking it in."""
