# %% [markdown] submission={"base": "reference"}
# The product that should keep its sums in registers is the naive one again: compiled, right, and slow.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@njit(nogil=True)
def multiply_panels(A, B, C, first, last, panels, rows):
    for i in range(A.shape[0]):
        for j in range(first, last):
            C[i, j] = 0
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
