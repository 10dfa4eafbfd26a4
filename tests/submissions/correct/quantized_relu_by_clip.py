# %% [markdown] submission={"base": "reference"}
# quantized_relu by np.clip on the codes, scaled by hand.


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_relu"}
def quantized_relu(x, bits=8):
    q, step = quantize(x, bits)
    kept = np.clip(q, 0, None)
    return np.multiply(kept, step, dtype=np.float64).astype(np.float32)
