# %% [markdown] submission={"base": "reference"}
# Shapes are left to NumPy, which broadcasts where an error is asked for.

# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
def vectorized_operations(x, y):
    x, y = as_array(x), as_array(y)
    u, v = np.broadcast_arrays(x.astype(np.float64), y.astype(np.float64))
    u, v = u.ravel(), v.ravel()
    lengths = np.linalg.norm(u) * np.linalg.norm(v)
    return {
        "element_wise_add": x + y,
        "element_wise_multiply": x * y,
        "squared_difference": (x - y) ** 2,
        "euclidean_distance": float(np.linalg.norm(u - v)),
        "dot_product": float(u @ v),
        "cosine_similarity": float(u @ v / lengths) if lengths else 0.0,
    }
