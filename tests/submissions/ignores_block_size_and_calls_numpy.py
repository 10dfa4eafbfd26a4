# %% [markdown] submission={"base": "reference"}
# The products call NumPy; the block size is only checked.

# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def cache_friendly_matmul(A, B, block_size=64):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    if block_size < 1:
        raise ValueError("block_size must be at least 1")
    return np.matmul(A, B)


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
def multiply_panels(A, B, C, first, last):
    C[:, first:last] = A @ B[:, first:last]


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)
