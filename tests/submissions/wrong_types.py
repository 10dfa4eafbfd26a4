# %% [markdown] submission={"base": "reference"}
# The values are right, and their types are not: float64 or int64 where float32 or int32 is asked for.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_baseline"}
def matmul_baseline(A, B):
    A, B = check_operands(A, B)
    return A.astype(np.float32) @ B.astype(np.float32)


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_matmul"}
def parallel_matmul(A, B, num_workers=None):
    if num_workers is not None:
        checked_workers(num_workers)
    A, B = check_operands(A, B)
    return A.astype(np.float64) @ B.astype(np.float64)


# %% submission={"lesson": "05_quantization", "grade_id": "dequantize"}
def dequantize(q, scale):
    return as_array(q) * np.float64(scale)


# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    return (A.astype(np.float64) @ B.astype(np.float64)).astype(np.int64)
