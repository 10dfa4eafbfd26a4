# %% [markdown] submission={"base": "reference"}
# quantized_matmul that scales with longdouble before it rounds once.


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_matmul"}
def quantized_matmul(A, B, bits=8):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} by {B.shape}")
    left, step_a = quantize(A, bits=bits)
    right, step_b = quantize(B, bits=bits)
    whole = integer_matmul(left, right)
    return (whole.astype(np.longdouble) * np.longdouble(step_a) * np.longdouble(step_b)).astype(np.float32)
