# %% [markdown] submission={"base": "reference"}
# The naive product never ends; all else is solved.

# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
def matmul_naive(A, B):
    A, B = as_array(A), as_array(B)
    C = np.zeros((A.shape[0], B.shape[1]))
    i = 0
    while i < A.shape[0]:
        C[i] = A[i] @ B
    return C
