# %% [markdown] submission={"base": "reference"}
# A division by zero on the way turns the results of three functions into NaN.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
def multiply_panels(A, B, C, first, last):
    C.fill(np.nan)


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
def vectorized_operations(x, y):
    x, y = as_array(x), as_array(y)
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    nothing = float("nan")
    return {
        "element_wise_add": x * nothing,
        "element_wise_multiply": x * nothing,
        "squared_difference": x * nothing,
        "euclidean_distance": nothing,
        "dot_product": nothing,
        "cosine_similarity": nothing,
    }


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_matmul"}
def quantized_matmul(A, B, bits=8):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} don't fit")
    return np.full((A.shape[0], B.shape[1]), np.nan, np.float32)
