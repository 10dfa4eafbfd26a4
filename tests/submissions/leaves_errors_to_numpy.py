# %% [markdown] submission={"base": "reference"}
# The arguments are not checked: what is wrong ends in an error of NumPy, or in none.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_baseline"}
def matmul_baseline(A, B):
    return as_array(A) @ as_array(B)


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
def matmul_naive(A, B):
    return gemm.run_loops(naive_loops, as_array(A), as_array(B))


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def cache_friendly_matmul(A, B, block_size=64):
    A, B = as_array(A), as_array(B)
    return gemm.run_loops(blocked_loops, A, B, min(block_size, max(*A.shape, *B.shape, 1)))


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    x = as_array(x)
    if out is None:
        return np.asarray(np.maximum(x, x.dtype.type(0)))
    out.flat = np.maximum(x, x.dtype.type(0))
    return out


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_relu"}
def parallel_relu(x, num_workers=4):
    return vectorized_relu(x)


# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    C = A.astype(np.float64) @ B.astype(np.float64)
    return C.astype(np.int32 if A.dtype == B.dtype == np.int8 and A.shape[1] <= 131072 else np.int64)


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_matmul"}
def quantized_matmul(A, B, bits=8):
    (qa, sa), (qb, sb) = quantize(A, bits), quantize(B, bits)
    return (integer_matmul(qa, qb) * (sa * sb)).astype(np.float32)
