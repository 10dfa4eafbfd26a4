# %% [markdown] submission={"base": "reference"}
# The same results another way: sums without rounding, and mean and variance in one pass by Welford's recurrence.

# %% submission={"lesson": "01_normalize", "grade_id": "softmax"}
def softmax(x, axis=-1):
    import math

    def of_row(row):
        largest = max(row)
        terms = [math.exp(float(score) - float(largest)) for score in row]
        return np.array(terms) / math.fsum(terms)

    scores = as_floats(x)
    return np.apply_along_axis(of_row, axis, scores).astype(scores.dtype)

# %% submission={"lesson": "01_normalize", "grade_id": "layer_norm"}
def layer_norm(x, gain, bias, eps=1e-5):
    rows = as_floats(x)
    result = np.empty(rows.shape)
    for index in np.ndindex(rows.shape[:-1]):
        mean, squares = 0.0, 0.0
        for count, value in enumerate(rows[index].astype(np.float64), start=1):
            step = value - mean
            mean += step / count
            squares += step * (value - mean)
        result[index] = (rows[index] - mean) / np.sqrt(squares / rows.shape[-1] + eps)
    return (result * as_floats(gain) + as_floats(bias)).astype(rows.dtype)
