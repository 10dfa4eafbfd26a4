# %% [markdown] submission={"base": "reference"}
# The product that should keep its sums in registers is the naive one again: compiled, right, and slow.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@njit(nogil=True)
def multiply_panels(A, B, C, first, last):
    for i in range(A.shape[0]):
        for j in range(first, last):
            C[i, j] = 0
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)
