# %% [markdown] submission={"base": "reference"}
# Ties are rounded up: the integer part of x / scale + 0.5.

# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    x = as_array(x)
    top = largest_code(bits)
    if x.size and not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinity")
    largest = float(np.abs(x.astype(np.float64)).max()) if x.size else 0.0
    scale = largest / top if largest else 1.0
    codes = np.floor(x.astype(np.float64) / scale + 0.5)
    return np.clip(codes, -top, top).astype(np.int8 if bits == 8 else np.int16), scale
