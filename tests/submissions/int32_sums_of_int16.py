# %% [markdown] submission={"base": "reference"}
# int32 is thought to be wide enough for everything: sums of int16 products wrap around.

# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    C = A.astype(np.int32) @ B.astype(np.int32)
    return C.astype(np.int32 if A.dtype == np.int8 and A.shape[1] <= 131072 else np.int64)
