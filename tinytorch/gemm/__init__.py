"""The given parts of the matrix products, float and integer: operands, packed panels, tiles, and their memory."""
