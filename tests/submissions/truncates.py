# %% [markdown] submission={"base": "reference"}
# The fraction of x / scale is cut off instead of rounded.

# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    x = as_array(x)
    top = largest_code(bits)
    if x.size and not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinity")
    largest = float(np.abs(x.astype(np.float64)).max()) if x.size else 0.0
    scale = largest / top if largest else 1.0
    return (x.astype(np.float64) / scale).astype(np.int8 if bits == 8 else np.int16), scale
