"""A notebook as it came, read forgivingly and set on the frame of the release."""
