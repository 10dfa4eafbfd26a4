# %% [markdown] submission={"base": "reference"}
# The variance is the mean of the squares less the square of the mean.

# %% submission={"lesson": "01_normalize", "grade_id": "layer_norm"}
def layer_norm(x, gain, bias, eps=1e-5):
    rows = as_floats(x)
    gain, bias = as_floats(gain).astype(rows.dtype), as_floats(bias).astype(rows.dtype)
    mean = rows.mean(axis=-1, keepdims=True)
    variance = np.mean(rows * rows, axis=-1, keepdims=True) - mean * mean
    return (rows - mean) / np.sqrt(variance + rows.dtype.type(eps)) * gain + bias
