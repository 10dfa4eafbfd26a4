# %% [markdown] submission={"base": "reference"}
# vectorized_relu by np.where; NaN is not below zero.


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    x = as_array(x)
    out = output_for(x, x.dtype, out)
    out[...] = np.where(x < 0, x.dtype.type(0), x)
    return out
