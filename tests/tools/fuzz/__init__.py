"""Fuzzing of what takes in bytes from outside: `make fuzz`."""
