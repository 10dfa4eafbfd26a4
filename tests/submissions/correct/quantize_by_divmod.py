# %% [markdown] submission={"base": "reference"}
# quantize with rounding to the nearest even by hand, in NumPy.


# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    top = largest_code(bits)
    values = as_array(x).astype(np.float64)
    if values.size and not np.all(np.isfinite(values)):
        raise ValueError("NaN and infinity cannot be quantized")
    largest = max(abs(float(values.min())), abs(float(values.max()))) if values.size else 0.0
    scale = largest / top if largest > 0 else 1.0
    steps = values / scale
    down = np.floor(steps)
    above = steps - down
    up = (above > 0.5) | ((above == 0.5) & (down % 2 == 1))
    codes = np.clip(down + up, -top, top)
    return codes.astype(np.int8 if bits == 8 else np.int16), scale
