# %% [markdown] submission={"base": "reference"}
# fused_relu_bias in two passes of NumPy, with its own checks.


# %% submission={"lesson": "03_vectorization", "grade_id": "fused_relu_bias"}
def fused_relu_bias(x, bias, out=None):
    values, shift = as_array(x), as_array(bias)
    try:
        target = np.broadcast_shapes(values.shape, shift.shape)
    except ValueError:
        target = None
    if target != values.shape or shift.size not in (1, values.shape[-1]):
        raise ValueError(f"a bias of shape {shift.shape} does not run along the last axis of {values.shape}")
    result = np.add(values, shift)
    result = np.maximum(result, result.dtype.type(0))
    if out is None:
        return result
    if out.shape != result.shape or out.dtype != result.dtype:
        raise ValueError("out does not fit the result")
    out[...] = result
    return out
