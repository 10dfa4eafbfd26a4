# %% [markdown] submission={"base": "reference"}
# The register-tiled product packs one block of terms and forgets that there may be more.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@simd.jit
def multiply_panels(A, B, C, first, last):
    (M, K), N = A.shape, B.shape[1]
    a, b, c = A.reshape(-1), B.reshape(-1), C.reshape(-1)
    for j in range(first, last, simd.W):
        lanes = min(simd.W, last - j)
        for i in range(0, M, 4):
            p0, p1, p2, p3 = i * K, min(i + 1, M - 1) * K, min(i + 2, M - 1) * K, min(i + 3, M - 1) * K
            s0 = s1 = s2 = s3 = simd.zero()
            for k in range(min(K, gemm.BLOCK_TERMS)):
                v = simd.load_part(b, k * N + j, lanes)
                s0 = simd.fma(simd.broadcast_at(a, p0 + k), v, s0)
                s1 = simd.fma(simd.broadcast_at(a, p1 + k), v, s1)
                s2 = simd.fma(simd.broadcast_at(a, p2 + k), v, s2)
                s3 = simd.fma(simd.broadcast_at(a, p3 + k), v, s3)
            simd.store_part(c, min(i + 3, M - 1) * N + j, s3, lanes)
            simd.store_part(c, min(i + 2, M - 1) * N + j, s2, lanes)
            simd.store_part(c, min(i + 1, M - 1) * N + j, s1, lanes)
            simd.store_part(c, i * N + j, s0, lanes)


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)
