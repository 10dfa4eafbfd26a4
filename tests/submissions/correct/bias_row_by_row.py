# %% [markdown] submission={"base": "reference"}
# fused_relu_bias one row at a time.


# %% submission={"lesson": "03_vectorization", "grade_id": "fused_relu_bias"}
def fused_relu_bias(x, bias, out=None):
    x = as_array(x)
    bias = bias_for(x, bias).reshape(-1)
    if out is not None and np.may_share_memory(bias, out):
        bias = bias.copy()
    out = output_for(x, bias.dtype, out)
    for index in np.ndindex(x.shape[:-1]):
        total = x[index] + bias
        out[index] = np.where(total < 0, total.dtype.type(0), total)
    return out
