# %% [markdown] submission={"base": "reference"}
# vectorized_relu by a mask on a copy.


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    x = as_array(x)
    if out is None:
        out = np.empty(x.shape, x.dtype)
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError(f"out has shape {out.shape} and dtype {out.dtype}")
    np.copyto(out, x)
    out[out < 0] = 0
    return out
