# %% [markdown] submission={"base": "reference"}
# The part before the first aligned element is written whole, also where the array is shorter than that.

# %% submission={"lesson": "03_vectorization", "grade_id": "relu_streaming_kernel"}
@simd.jit
def relu_streaming_kernel(x, out):
    lanes = simd.BYTES // x.itemsize
    zeros = simd.broadcast(x.dtype.type(0))
    first = simd.aligned_offset(out)
    if first > 0:
        simd.store_part(out, 0, simd.maximum(simd.load_part(x, 0, first), zeros), first)
    end = max(first, x.size - (x.size - first) % lanes)
    for i in range(first, end, lanes):
        simd.stream(out, i, simd.maximum(simd.load(x, i), zeros))
    simd.fence()
    if end < x.size:
        rest = x.size - end
        simd.store_part(out, end, simd.maximum(simd.load_part(x, end, rest), zeros), rest)
