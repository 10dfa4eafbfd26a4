# %% [markdown] submission={"base": "reference"}
# One maximum is taken for the whole matrix, so that rows far below it have no weights.

# %% submission={"lesson": "01_normalize", "grade_id": "softmax"}
def softmax(x, axis=-1):
    scores = as_floats(x)
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum(axis=axis, keepdims=True)
