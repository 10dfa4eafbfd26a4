# %% [markdown] submission={"base": "reference"}
# cache_friendly_matmul by NumPy products of slices.


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def cache_friendly_matmul(A, B, block_size=64):
    A, B = check_operands(A, B)
    if block_size < 1:
        raise ValueError(f"block_size is {block_size}; it must be 1 or more")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    steps = [range(0, size, block_size) for size in (A.shape[0], A.shape[1], B.shape[1])]
    for i in steps[0]:
        for k in steps[1]:
            for j in steps[2]:
                rows, terms, columns = slice(i, i + block_size), slice(k, k + block_size), slice(j, j + block_size)
                C[rows, columns] += A[rows, terms] @ B[terms, columns]
    return C
