# %% [markdown] submission={"base": "reference"}
# Three functions write into their input instead of into a new array.

# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    x = as_array(x)
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError("out has the wrong shape or dtype")
    if x.dtype != bool:
        x[x < 0] = 0
    if out is None:
        return x
    out[...] = x
    return out


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_relu"}
def quantized_relu(x, bits=8):
    x = as_array(x)
    q, scale = quantize(x, bits)
    x[...] = dequantize(np.maximum(q, 0), scale)
    return x.astype(np.float32)


# %% submission={"lesson": "03_vectorization", "grade_id": "fused_relu_bias"}
def fused_relu_bias(x, bias, out=None):
    x = as_array(x)
    x += as_array(bias)
    np.maximum(x, 0, out=x)
    if out is None:
        return x
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out has the wrong shape or dtype")
    out[...] = x
    return out
