# %% [markdown] submission={"base": "reference"}
# integer_matmul by a compiled loop with an int64 sum.


# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
from numba import njit


@njit(nogil=True)
def integer_loops(A, B, C):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = np.int64(0)
            for k in range(A.shape[1]):
                total += np.int64(A[i, k]) * np.int64(B[k, j])
            C[i, j] = total


def integer_matmul(A, B):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"the shapes {A.shape} and {B.shape} do not fit")
    both_narrow = A.itemsize == 1 and B.itemsize == 1
    wide = np.int32 if both_narrow and len(B) <= 131_072 else np.int64
    C = np.empty((len(A), B.shape[1]), wide)
    integer_loops(np.ascontiguousarray(A), np.ascontiguousarray(B), C)
    return C
