# %% [markdown] submission={"base": "reference"}
# Right answers, compiled or vectorized where asked, by ways that take far longer than they need to.

# %% submission={"lesson": "03_vectorization", "grade_id": "fused_relu_bias"}
def fused_relu_bias(x, bias, out=None):
    x, bias = as_array(x), as_array(bias)
    if x.ndim == 0 or bias.shape != x.shape[-1:]:
        raise ValueError(f"a bias of shape {bias.shape} doesn't run along the last axis of {x.shape}")
    dtype = np.result_type(x, bias)
    out = output_for(x, dtype, out)
    added = np.vectorize(lambda a, b: max(a + b, 0) if a + b == a + b else a + b, otypes=[dtype])
    if x.size:
        out[...] = added(x.astype(dtype), bias.astype(dtype))
    return out


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_matmul"}
def parallel_matmul(A, B, num_workers=None):
    checked_workers(1 if num_workers is None else num_workers)
    A, B = (X.astype(np.float32) for X in check_operands(A, B))
    C = np.zeros((A.shape[0], B.shape[1]), np.float32)
    for i, row in enumerate(A):
        for k, a in enumerate(row):
            C[i] += a * B[k]
    return C


# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    x = as_array(x)
    top = largest_code(bits)
    values = x.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("NaN and infinity have no code")
    largest = float(np.abs(values).max(initial=0.0))
    scale = max(largest / top, np.nextafter(0.0, 1.0)) if largest else 1.0
    codes = [min(max(round(value / scale), -top), top) for value in values.ravel().tolist()]
    return np.array(codes, np.int8 if top == 127 else np.int16).reshape(x.shape), scale
