# %% [markdown] submission={"base": "reference"}
# Products and scales are computed in float32, whatever comes in: large integers, float64, long sums and the ends of
# the range of float32 are lost.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
def matmul_naive(A, B):
    A, B = check_operands(A, B)
    return gemm.run_loops(naive_loops, A.astype(np.float32), B.astype(np.float32)).astype(np.result_type(A, B))


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def cache_friendly_matmul(A, B, block_size=64):
    A, B = check_operands(A, B)
    if block_size < 1:
        raise ValueError("block_size must be at least 1")
    C = gemm.run_loops(blocked_loops, A.astype(np.float32), B.astype(np.float32), min(block_size, 10_000))
    return C.astype(np.result_type(A, B))


# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    x = as_array(x).astype(np.float32)
    top = largest_code(bits)
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinity")
    scale = np.float32(np.abs(x).max(initial=0)) / np.float32(top)
    if scale == 0:
        scale = np.float32(1)
    return np.clip(np.rint(x / scale), -top, top).astype(np.int8 if bits == 8 else np.int16), float(scale)


# %% submission={"lesson": "05_quantization", "grade_id": "dequantize"}
def dequantize(q, scale):
    return np.asarray(q).astype(np.float32) * np.float32(scale)


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_matmul"}
def quantized_matmul(A, B, bits=8):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    (qa, sa), (qb, sb) = quantize(A, bits), quantize(B, bits)
    return (qa.astype(np.float32) @ qb.astype(np.float32)) * np.float32(sa) * np.float32(sb)
