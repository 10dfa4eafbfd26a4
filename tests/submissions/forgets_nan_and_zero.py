# %% [markdown] submission={"base": "reference"}
# The easy part of quantize: no thought for NaN, infinity, zeros or empty arrays.

# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    x = as_array(x)
    top = largest_code(bits)
    with np.errstate(all="ignore"):
        scale = float(np.abs(x).max()) / top
        q = np.clip(np.rint(x.astype(np.float64) / np.float64(scale)), -top, top)
        return q.astype(np.int8 if bits == 8 else np.int16), scale
