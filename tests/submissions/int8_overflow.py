# %% [markdown] submission={"base": "reference"}
# Integers are multiplied by NumPy in their own type, so that products and sums wrap around.

# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    C = A @ B
    return C.astype(np.int32 if A.dtype == np.int8 and A.shape[1] <= 131072 else np.int64)
