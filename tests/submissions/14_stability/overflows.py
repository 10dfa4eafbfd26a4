# %% [markdown] submission={"base": "reference"}
# The formulas as they stand in the book, with no shift.

# %% submission={"lesson": "01_normalize", "grade_id": "log_sum_exp"}
def log_sum_exp(x, axis=-1):
    return np.log(np.exp(as_floats(x)).sum(axis=axis))

# %% submission={"lesson": "01_normalize", "grade_id": "softmax"}
def softmax(x, axis=-1):
    exponentials = np.exp(as_floats(x))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)
