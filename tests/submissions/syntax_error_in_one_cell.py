# %% [markdown] submission={"base": "reference"}
# One cell lost a parenthesis on the way and can't be run.

# %% [raw] submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
# #| export
# def vectorized_operations(x, y):
#     x, y = as_real(x), as_real(y)
#     if x.shape != y.shape:
#         raise ValueError(f"shapes {x.shape} and {y.shape} differ"
#     return {"element_wise_add": x + y}
