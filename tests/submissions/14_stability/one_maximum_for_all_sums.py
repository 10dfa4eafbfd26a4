# %% [markdown] submission={"base": "reference"}
# One maximum is taken for the whole matrix, so that nothing is left of the sums of rows far below it.

# %% submission={"lesson": "01_normalize", "grade_id": "log_sum_exp"}
def log_sum_exp(x, axis=-1):
    scores = as_floats(x)
    largest = scores.max()
    shift = largest if np.isfinite(largest) else scores.dtype.type(0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(scores - shift).sum(axis=axis)) + shift
