# %% [markdown] submission={"base": "reference"}
# cache_friendly_matmul on operands padded to whole blocks, which are then multiplied by compiled loops.


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
@njit(nogil=True)
def add_block(A, B, C, i0, k0, j0, size):
    for i in range(i0, i0 + size):
        for k in range(k0, k0 + size):
            for j in range(j0, j0 + size):
                C[i, j] += A[i, k] * B[k, j]


def _padded(X, size):
    rows, columns = (-(-length // size) * size for length in X.shape)
    whole = np.zeros((rows, columns), X.dtype)
    whole[: X.shape[0], : X.shape[1]] = X
    return whole


def cache_friendly_matmul(A, B, block_size=64):
    A, B = check_operands(A, B)
    if block_size < 1:
        raise ValueError("block_size must be positive")
    dtype = np.result_type(A, B)
    size = min(block_size, max(*A.shape, *B.shape, 1))
    left, right = _padded(A.astype(dtype), size), _padded(B.astype(dtype), size)
    C = np.zeros((left.shape[0], right.shape[1]), dtype)
    for i in range(0, C.shape[0], size):
        for j in range(0, C.shape[1], size):
            for k in range(0, left.shape[1], size):
                add_block(left, right, C, i, k, j, size)
    return C[: A.shape[0], : B.shape[1]].copy()
