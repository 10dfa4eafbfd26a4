# %% [markdown] submission={"base": "reference"}
# The bias runs along the first axis wherever its length allows that.

# %% submission={"lesson": "03_vectorization", "grade_id": "fused_relu_bias"}
def fused_relu_bias(x, bias, out=None):
    x, bias = as_array(x), as_array(bias)
    if x.ndim > 1 and bias.ndim == 1 and bias.shape[0] == x.shape[0]:
        bias = bias.reshape((-1,) + (1,) * (x.ndim - 1))
    if bias.ndim == 1 and x.shape[-1] != bias.shape[0] and bias.shape[0] != 1:
        raise ValueError(f"bias of shape {bias.shape} doesn't fit x of shape {x.shape}")
    result = np.maximum(x + bias, 0)
    if out is None:
        return result
    if out.shape != x.shape or out.dtype != result.dtype:
        raise ValueError("out has the wrong shape or dtype")
    out[...] = result
    return out
