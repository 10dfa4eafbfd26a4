# %% [markdown] submission={"base": "reference"}
# matmul_simd one row and one vector at a time, with the parts of vectors at the end of a row.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@simd.jit
def multiply_panels(A, B, C, first, last):
    N = B.shape[1]
    a, b, c = A.reshape(-1), B.reshape(-1), C.reshape(-1)
    for i in range(A.shape[0]):
        for j in range(first, last, simd.W):
            lanes = min(simd.W, last - j)
            total = simd.zero()
            for k in range(A.shape[1]):
                total = simd.fma(simd.broadcast_at(a, i * A.shape[1] + k), simd.load_part(b, k * N + j, lanes), total)
            simd.store_part(c, i * N + j, total, lanes)


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)
