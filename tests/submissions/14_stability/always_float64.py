# %% [markdown] submission={"base": "reference"}
# Everything is computed, and returned, in float64.

# %% submission={"lesson": "01_normalize", "grade_id": "log_sum_exp"}
def log_sum_exp(x, axis=-1):
    scores = as_floats(x).astype(np.float64)
    largest = scores.max(axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(scores - shift).sum(axis=axis)) + np.squeeze(shift, axis=axis)

# %% submission={"lesson": "01_normalize", "grade_id": "softmax"}
def softmax(x, axis=-1):
    scores = as_floats(x).astype(np.float64)
    exponentials = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)

# %% submission={"lesson": "01_normalize", "grade_id": "layer_norm"}
def layer_norm(x, gain, bias, eps=1e-5):
    rows = as_floats(x).astype(np.float64)
    deviations = rows - rows.mean(axis=-1, keepdims=True)
    variance = np.mean(deviations**2, axis=-1, keepdims=True)
    return deviations / np.sqrt(variance + eps) * as_floats(gain) + as_floats(bias)
