# %% [markdown] submission={"base": "reference"}
# Whole blocks, whole tiles and whole shares only: what is left over at the edges is lost.

# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def cache_friendly_matmul(A, B, block_size=64):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    if block_size < 1:
        raise ValueError("block_size must be at least 1")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    blocks_of_rows = A.shape[0] // block_size
    blocks_of_columns = B.shape[1] // block_size
    blocks_of_terms = A.shape[1] // block_size
    for i in range(blocks_of_rows):
        rows = slice(i * block_size, (i + 1) * block_size)
        for j in range(blocks_of_columns):
            columns = slice(j * block_size, (j + 1) * block_size)
            for k in range(blocks_of_terms):
                terms = slice(k * block_size, (k + 1) * block_size)
                C[rows, columns] += A[rows, terms] @ B[terms, columns]
    return C


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@simd.jit
def multiply_panels(A, B, C, first, last):
    (M, K), N = A.shape, B.shape[1]
    a, b, c = A.reshape(-1), B.reshape(-1), C.reshape(-1)
    C[:, first:last] = 0
    for j in range(first, last - simd.W + 1, simd.W):
        for i in range(0, M - 3, 4):
            s0 = s1 = s2 = s3 = simd.zero()
            for k in range(K):
                v = simd.load(b, k * N + j)
                s0 = simd.fma(simd.broadcast_at(a, i * K + k), v, s0)
                s1 = simd.fma(simd.broadcast_at(a, i * K + K + k), v, s1)
                s2 = simd.fma(simd.broadcast_at(a, i * K + 2 * K + k), v, s2)
                s3 = simd.fma(simd.broadcast_at(a, i * K + 3 * K + k), v, s3)
            simd.store(c, i * N + j, s0)
            simd.store(c, i * N + N + j, s1)
            simd.store(c, i * N + 2 * N + j, s2)
            simd.store(c, i * N + 3 * N + j, s3)


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_relu"}
def parallel_relu(x, num_workers=4):
    workers = checked_workers(num_workers)
    x = as_array(x)
    flat, share = x.reshape(-1), x.size // workers
    parts = [np.empty(0, x.dtype)] * workers

    def work(number):
        parts[number] = np.maximum(flat[number * share : (number + 1) * share], x.dtype.type(0))

    run_shares(work, workers, workers)
    return np.concatenate(parts).reshape(x.shape)
