# %% [markdown] submission={"base": "reference"}
# vectorized_operations by numpy.linalg in float64, the dict filled step by step.


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
def vectorized_operations(x, y):
    x, y = as_real(x), as_real(y)
    if x.shape != y.shape:
        raise ValueError(f"x is {x.shape}, y is {y.shape}")
    found = {"element_wise_add": np.add(x, y), "element_wise_multiply": np.multiply(x, y)}
    gap = np.subtract(x, y)
    found["squared_difference"] = gap * gap
    p, q = x.astype(float).flatten(), y.astype(float).flatten()
    found["euclidean_distance"] = float(np.linalg.norm(p - q))
    found["dot_product"] = float(np.vdot(p, q))
    lengths = float(np.linalg.norm(p)), float(np.linalg.norm(q))
    found["cosine_similarity"] = found["dot_product"] / lengths[0] / lengths[1] if all(lengths) else 0.0
    return found
