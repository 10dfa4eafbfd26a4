# %% [markdown] submission={"base": "reference"}
# matmul_baseline by ndarray.dot, with checks of its own.


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_baseline"}
def matmul_baseline(A, B):
    left, right = as_array(A), as_array(B)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise ValueError("cannot multiply %s by %s" % (left.shape, right.shape))
    return left.dot(right)
