# %% [markdown] submission={"base": "reference"}
# matmul_naive in interpreted loops over lists: right, and slow.


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
def matmul_naive(A, B):
    A, B = check_operands(A, B)
    columns = B.T
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i, row in enumerate(A):
        for j, column in enumerate(columns):
            C[i, j] = sum((a * b for a, b in zip(row, column)), C.dtype.type(0))
    return C
