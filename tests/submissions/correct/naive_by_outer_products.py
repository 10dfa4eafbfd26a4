# %% [markdown] submission={"base": "reference"}
# matmul_naive as a sum of outer products.


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
def matmul_naive(A, B):
    A, B = check_operands(A, B)
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for k in range(A.shape[1]):
        C += np.outer(A[:, k], B[k])
    return C
