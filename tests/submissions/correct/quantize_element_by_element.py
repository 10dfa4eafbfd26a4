# %% [markdown] submission={"base": "reference"}
# quantize in a plain Python loop: Python's own round goes to the even code.


# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    x, top = as_array(x), largest_code(bits)
    flat = [float(value) for value in x.ravel()]
    if any(value != value or value in (float("inf"), float("-inf")) for value in flat):
        raise ValueError("x holds NaN or infinity")
    scale = max(map(abs, flat), default=0.0) / top or 1.0
    codes = np.zeros(x.shape, {8: "int8", 16: "int16"}[bits])
    codes.ravel()[:] = [max(-top, min(top, round(value / scale))) for value in flat]
    return codes, scale
