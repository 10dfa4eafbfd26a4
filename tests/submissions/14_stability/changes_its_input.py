# %% [markdown] submission={"base": "reference"}
# The shift and the mean are subtracted in place, from the caller's own array.

# %% submission={"lesson": "01_normalize", "grade_id": "softmax"}
def softmax(x, axis=-1):
    scores = as_floats(x)
    scores -= scores.max(axis=axis, keepdims=True)
    exponentials = np.exp(scores)
    return exponentials / exponentials.sum(axis=axis, keepdims=True)

# %% submission={"lesson": "01_normalize", "grade_id": "layer_norm"}
def layer_norm(x, gain, bias, eps=1e-5):
    rows = as_floats(x)
    gain, bias = as_floats(gain).astype(rows.dtype), as_floats(bias).astype(rows.dtype)
    rows -= rows.mean(axis=-1, keepdims=True)
    variance = np.mean(rows * rows, axis=-1, keepdims=True)
    return rows / np.sqrt(variance + rows.dtype.type(eps)) * gain + bias
