# %% [markdown] submission={"base": "reference"}
# The three scalars are computed in the type of the input, and zero vectors are divided by zero.

# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
def vectorized_operations(x, y):
    x, y = as_array(x), as_array(y)
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    difference = x - y
    dot = np.sum(x * y, dtype=x.dtype)
    length_x, length_y = np.sqrt(np.sum(x * x, dtype=x.dtype)), np.sqrt(np.sum(y * y, dtype=y.dtype))
    return {
        "element_wise_add": x + y,
        "element_wise_multiply": x * y,
        "squared_difference": difference * difference,
        "euclidean_distance": float(np.sqrt(np.sum(difference * difference, dtype=x.dtype))),
        "dot_product": float(dot),
        "cosine_similarity": float(dot / (length_x * length_y)),
    }
