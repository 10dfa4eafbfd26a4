# %% [markdown] submission={"base": "reference"}
# vectorized_operations with sums in plain Python loops.


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
def vectorized_operations(x, y):
    a, b = as_real(x), as_real(y)
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} differ")
    dot = squares_a = squares_b = apart = 0.0
    for u, v in zip(a.ravel().tolist(), b.ravel().tolist()):
        dot += u * v
        squares_a += u * u
        squares_b += v * v
        apart += (u - v) * (u - v)
    cosine = 0.0
    if squares_a > 0 and squares_b > 0:
        cosine = dot / (squares_a**0.5 * squares_b**0.5)
    return {
        "element_wise_add": a + b,
        "element_wise_multiply": a * b,
        "squared_difference": (a - b) ** 2,
        "euclidean_distance": apart**0.5,
        "dot_product": float(dot),
        "cosine_similarity": cosine,
    }
