# %% [markdown] submission={"base": "reference"}
# dequantize by np.fromiter over plain Python numbers.


# %% submission={"lesson": "05_quantization", "grade_id": "dequantize"}
def dequantize(q, scale):
    q = as_array(q)
    return np.fromiter((int(code) * float(scale) for code in q.flat), np.float32, q.size).reshape(q.shape)
