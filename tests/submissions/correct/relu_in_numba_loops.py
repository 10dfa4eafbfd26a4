# %% [markdown] submission={"base": "reference"}
# vectorized_relu by a compiled loop with a branch on copies in one run of memory.


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
@njit(nogil=True)
def relu_loop(x, out):
    for i in range(x.size):
        value = x[i]
        out[i] = 0 if value < 0 else value


def vectorized_relu(x, out=None):
    x = as_array(x)
    out = output_for(x, x.dtype, out)
    if x.dtype == np.float16:
        return np.maximum(x, np.float16(0), out=out)
    flat = np.empty(x.size, x.dtype)
    relu_loop(np.ascontiguousarray(x).reshape(-1), flat)
    out[...] = flat.reshape(x.shape)
    return out
