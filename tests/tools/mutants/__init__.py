"""The mutation run: small faults put into the reference solutions, each of which must lose points."""
