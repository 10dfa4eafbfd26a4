# %% [markdown] submission={"base": "reference"}
# The naive product takes the smallest side for the number of terms: right for square matrices, the only ones tried.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
@njit(nogil=True)
def naive_loops(A, B, C):
    n = min(A.shape[0], A.shape[1], B.shape[1])
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(n):
                C[i, j] += A[i, k] * B[k, j]
