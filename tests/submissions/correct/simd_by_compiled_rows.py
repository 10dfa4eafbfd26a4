# %% [markdown] submission={"base": "reference"}
# matmul_simd by loops along rows of B and C, left to the compiler to vectorize: no packing and no tile.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@simd.jit
def multiply_panels(A, B, C, first, last):
    for i in range(A.shape[0]):
        for j in range(first, last):
            C[i, j] = 0
        for k in range(A.shape[1]):
            a = A[i, k]
            for j in range(first, last):
                C[i, j] += a * B[k, j]


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)
