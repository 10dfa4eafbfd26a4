# %% [markdown] submission={"base": "reference"}
# integer_matmul by NumPy in int64, and by slices of K against long sums.


# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"the shapes {A.shape} and {B.shape} do not fit")
    C = np.zeros((A.shape[0], B.shape[1]), np.int64)
    for k in range(0, A.shape[1], 5000):
        C += A[:, k : k + 5000].astype(np.int64) @ B[k : k + 5000].astype(np.int64)
    is_small = A.dtype == np.int8 and B.dtype == np.int8 and A.shape[1] <= 131_072
    return C.astype(np.int32) if is_small else C
