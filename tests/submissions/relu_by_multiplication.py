# %% [markdown] submission={"base": "reference"}
# x * (x > 0), always in float64, with no thought for out or NaN or infinity.

# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    x = as_array(x).astype(np.float64)
    return x * (x > 0)
