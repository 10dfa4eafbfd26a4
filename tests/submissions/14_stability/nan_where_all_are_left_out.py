# %% [markdown] submission={"base": "reference"}
# A maximum of -inf is subtracted from -inf.

# %% submission={"lesson": "01_normalize", "grade_id": "log_sum_exp"}
def log_sum_exp(x, axis=-1):
    scores = as_floats(x)
    largest = scores.max(axis=axis, keepdims=True)
    return np.log(np.exp(scores - largest).sum(axis=axis)) + np.squeeze(largest, axis=axis)
