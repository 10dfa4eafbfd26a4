# %% [markdown] submission={"base": "reference"}
# matmul_naive with while loops that count down.


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
@njit(nogil=True)
def naive_loops(A, B, C):
    i = A.shape[0] - 1
    while i >= 0:
        j = B.shape[1] - 1
        while j >= 0:
            k = A.shape[1] - 1
            while k >= 0:
                C[i, j] += A[i, k] * B[k, j]
                k -= 1
            j -= 1
        i -= 1
