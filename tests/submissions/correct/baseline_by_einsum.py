# %% [markdown] submission={"base": "reference"}
# matmul_baseline by einsum.


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_baseline"}
def matmul_baseline(A, B):
    A, B = check_operands(A, B)
    return np.einsum("mk,kn->mn", A, B)
