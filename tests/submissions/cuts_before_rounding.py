# %% [markdown] submission={"base": "reference"}
# ReLU of the floats comes first, so that the scale is that of the positive part alone.

# %% submission={"lesson": "05_quantization", "grade_id": "quantized_relu"}
def quantized_relu(x, bits=8):
    x = as_array(x)
    return dequantize(*quantize(np.maximum(x, 0), bits))
