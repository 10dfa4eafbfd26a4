# %% [markdown] submission={"base": "reference"}
# cache_friendly_matmul by halving the longest side until all sides fit a block.


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
def _halved(A, B, C, block_size):
    M, K, N = *A.shape, B.shape[1]
    longest = max(M, K, N)
    if longest <= block_size:
        C += A @ B
    elif longest == M:
        _halved(A[: M // 2], B, C[: M // 2], block_size)
        _halved(A[M // 2 :], B, C[M // 2 :], block_size)
    elif longest == N:
        _halved(A, B[:, : N // 2], C[:, : N // 2], block_size)
        _halved(A, B[:, N // 2 :], C[:, N // 2 :], block_size)
    else:
        _halved(A[:, : K // 2], B[: K // 2], C, block_size)
        _halved(A[:, K // 2 :], B[K // 2 :], C, block_size)


def cache_friendly_matmul(A, B, block_size=64):
    A, B = check_operands(A, B)
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, not {block_size}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    if A.size and B.size:
        _halved(A, B, C, block_size)
    return C
