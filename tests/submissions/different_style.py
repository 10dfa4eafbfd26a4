# %% [markdown] submission={"base": "reference"}
# Everything solved, by other algorithms and in another style: NumPy where the course compiles, exact products through
# float64, the standard library's thread pool, other loops where loops are asked for.

# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    clock = time.perf_counter
    func(*args, **kwargs)
    durations = []
    while len(durations) < 9 or (sum(durations) < 0.002 and len(durations) < 99):
        started = clock()
        answer = func(*args, **kwargs)
        durations.append(clock() - started)
    return answer, 1e6 * sorted(durations)[len(durations) // 2]


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_baseline"}
def matmul_baseline(A, B):
    left, right = check_operands(A, B)
    return np.matmul(left, right)


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_naive"}
@njit(nogil=True)
def naive_loops(A, B, C):
    for j in range(B.shape[1]):
        for k in range(B.shape[0]):
            for i in range(A.shape[0]):
                C[i, j] += A[i, k] * B[k, j]


# %% submission={"lesson": "02_matmul", "grade_id": "cache_friendly_matmul"}
@njit(nogil=True)
def blocked_loops(A, B, C, block_size):
    M, K = A.shape
    N = B.shape[1]
    for k0 in range(0, K, block_size):
        for j0 in range(0, N, block_size):
            j1 = min(j0 + block_size, N)
            for i0 in range(0, M, block_size):
                for i in range(i0, min(i0 + block_size, M)):
                    row = C[i, j0:j1]
                    for k in range(k0, min(k0 + block_size, K)):
                        a, other = A[i, k], B[k, j0:j1]
                        for j in range(row.size):
                            row[j] += a * other[j]


# %% submission={"lesson": "02_matmul", "grade_id": "matmul_simd"}
@simd.jit
def multiply_panels(A, B, C, first, last):
    (M, K), N = A.shape, B.shape[1]
    a, b, c = A.reshape(-1), B.reshape(-1), C.reshape(-1)
    for j in range(first, last, simd.W):
        lanes = min(simd.W, last - j)
        for i in range(0, M, 4):
            p0, p1, p2, p3 = i * K, min(i + 1, M - 1) * K, min(i + 2, M - 1) * K, min(i + 3, M - 1) * K
            s0 = s1 = s2 = s3 = simd.zero()
            for k in range(K):
                v = simd.load_part(b, k * N + j, lanes)
                s0 = simd.fma(simd.broadcast_at(a, p0 + k), v, s0)
                s1 = simd.fma(simd.broadcast_at(a, p1 + k), v, s1)
                s2 = simd.fma(simd.broadcast_at(a, p2 + k), v, s2)
                s3 = simd.fma(simd.broadcast_at(a, p3 + k), v, s3)
            # rows beyond the last are the last row again, written before it is
            simd.store_part(c, min(i + 3, M - 1) * N + j, s3, lanes)
            simd.store_part(c, min(i + 2, M - 1) * N + j, s2, lanes)
            simd.store_part(c, min(i + 1, M - 1) * N + j, s1, lanes)
            simd.store_part(c, i * N + j, s0, lanes)


def multiply_into(C, A, B, first, last):
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    multiply_panels(A, B, C, first, last)


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_relu"}
def vectorized_relu(x, out=None):
    array = as_array(x)
    if out is None:
        return np.asarray(np.maximum(array, array.dtype.type(0)))
    if (out.shape, out.dtype) != (array.shape, array.dtype):
        raise ValueError(f"out is {out.dtype} {out.shape}, the result is {array.dtype} {array.shape}")
    return np.maximum(array, array.dtype.type(0), out=out)


# %% submission={"lesson": "03_vectorization", "grade_id": "vectorized_operations"}
def vectorized_operations(x, y):
    a, b = as_real(x), as_real(y)
    if a.shape != b.shape:
        raise ValueError(f"two shapes: {a.shape} and {b.shape}")
    u, v = (np.array(array, dtype=np.float64).reshape(-1) for array in (a, b))
    norm = {name: math.sqrt(math.fsum(vector * vector)) for name, vector in (("u", u), ("v", v), ("u-v", u - v))}
    dot = math.fsum(u * v)
    both = norm["u"] * norm["v"]
    return dict(
        element_wise_add=a + b,
        element_wise_multiply=a * b,
        squared_difference=np.square(a - b),
        euclidean_distance=norm["u-v"],
        dot_product=dot,
        cosine_similarity=dot / both if both > 0 else 0.0,
    )


# %% submission={"lesson": "03_vectorization", "grade_id": "fused_relu_bias"}
def fused_relu_bias(x, bias, out=None):
    array, along = as_array(x), as_array(bias)
    if along.size != 1 and along.shape[-1] != array.shape[-1]:
        raise ValueError(f"a bias of shape {along.shape} doesn't run along the last axis of {array.shape}")
    total = array + along
    if out is None:
        return np.maximum(total, 0, out=total)
    if (out.shape, out.dtype) != (total.shape, total.dtype):
        raise ValueError(f"out is {out.dtype} {out.shape}, the result is {total.dtype} {total.shape}")
    return np.maximum(total, 0, out=out)


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_batch_processing"}
from concurrent.futures import ThreadPoolExecutor

_threads = ThreadPoolExecutor(max_workers=8)


def parallel_batch_processing(batch_data, operation=None, num_workers=4):
    workers = checked_workers(num_workers)
    batch = as_array(batch_data)
    if operation is None:
        operation = vectorized_relu
    pieces = [piece for piece in np.array_split(batch, workers) if len(piece)] or [batch]
    jobs = [_threads.submit(operation, piece) for piece in pieces]
    return np.concatenate([checked_result(job.result(), len(piece)) for job, piece in zip(jobs, pieces)])


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_relu"}
def parallel_relu(x, num_workers=4):
    workers = checked_workers(num_workers)
    array = as_array(x)
    if workers == 1 or array.ndim == 0 or array.size < 300_000:
        return vectorized_relu(array)
    return parallel_batch_processing(array, vectorized_relu, workers)


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_matmul"}
def parallel_matmul(A, B, num_workers=None):
    workers = checked_workers(usable_cores() if num_workers is None else num_workers)
    left, right = (X.astype(np.float32) for X in check_operands(A, B))
    if workers == 1 or len(left) < 2 * workers:
        return matmul_simd(left, right)
    return parallel_batch_processing(left, lambda rows: matmul_simd(rows, right), workers)


# %% submission={"lesson": "05_quantization", "grade_id": "quantize"}
def quantize(x, bits=8):
    top = largest_code(bits)
    exact = as_array(x).astype(np.float64)
    if not np.isfinite(exact).all():
        raise ValueError("there is no code for NaN or infinity")
    reach = float(np.abs(exact).max(initial=0.0))
    scale = reach / top if reach else 1.0
    codes = np.around(exact / scale)
    return np.clip(codes, -top, top).astype({8: np.int8, 16: np.int16}[bits]), scale


# %% submission={"lesson": "05_quantization", "grade_id": "dequantize"}
def dequantize(q, scale):
    return (as_array(q).astype(np.float64) * scale).astype(np.float32)


# %% submission={"lesson": "05_quantization", "grade_id": "integer_matmul"}
def integer_matmul(A, B):
    left, right = as_array(A), as_array(B)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise ValueError(f"{left.shape} times {right.shape} is no product")
    narrow = left.dtype == right.dtype == np.int8
    # float64 holds every integer up to 2**53: 2**39 products of int8, 2**23 of int16
    exact = left.astype(np.float64) @ right.astype(np.float64)
    return exact.astype(np.int32 if narrow and left.shape[1] <= 131_072 else np.int64)


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_matmul"}
def quantized_matmul(A, B, bits=8):
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} times {B.shape} is no product")
    (qa, sa), (qb, sb) = (quantize(operand, bits) for operand in (A, B))
    return np.asarray(integer_matmul(qa, qb) * np.float64(sa * sb), dtype=np.float32)


# %% submission={"lesson": "05_quantization", "grade_id": "quantized_relu"}
def quantized_relu(x, bits=8):
    codes, scale = quantize(x, bits)
    return dequantize(np.where(codes > 0, codes, 0), scale)


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill_roofline_figures():
    floors = {"memory": roof.memory_us(run.moved_bytes), "compute": roof.compute_us(run.flops)}
    figures = dict.fromkeys(("share", "percent", "bound"))
    figures["gb_s"] = run.moved_bytes * 1e-9 / (run.time_us * 1e-6)
    if floors["memory"] is not None:
        known = {name: us for name, us in floors.items() if us is not None}
        slower = max(known, key=known.get)
        figures["share"] = min(1.0, known[slower] / run.time_us)
        figures["percent"] = figures["gb_s"] / roof.bandwidth_gb_s * 100
        figures["bound"] = slower if len(known) == 2 else analyses.bound_by_experiment(run, floors["memory"])
    return figures


def fill_largest_block():
    # three square blocks of itemsize bytes an element
    return math.floor(math.sqrt(capacity_bytes / 3 / itemsize)) if capacity_bytes else None


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    before = after = 0.0
    speedups = {}
    for op in counts:
        for _ in range(counts[op]):
            if races[op] is not None:
                before += races[op].scalar_us
                after += races[op].vectorized_us
                speedups[op] = races[op].scalar_us / races[op].vectorized_us
    overall = before / after if speedups else None
    return dict(speedups=speedups, overall=overall, best_case=max(speedups.values(), default=None))


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    speedups = {}
    if one_us is not None:
        speedups.update({p: one_us / times_us[p] for p in times_us if times_us[p] is not None})
    efficiencies = {p: speedup / p for p, speedup in speedups.items()}
    best = -max((speedup, -p) for p, speedup in speedups.items())[1] if speedups else None
    return {"best": best, "speedups": speedups, "efficiencies": efficiencies}


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_precision_figures():
    size_of_error = math.sqrt(np.square(trial.result - trial.exact).mean())
    size_of_result = math.sqrt(np.square(trial.exact).mean())
    relative = 0.0 if size_of_error == 0 else size_of_error / size_of_result if size_of_result else None
    good = relative is not None and relative <= threshold
    return {"relative": relative, "gain": trial.float_us / trial.time_us, "acceptable": good}


def fill_deployment_decision():
    share = sum(figures["acceptable"] for figures in judged) / len(judged)
    mean = sum(figures["gain"] for figures in judged) / len(judged)
    return {"success": share, "gain": mean, "recommended": share == 1 and mean > 1}


# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill_ordered_opportunities():
    opportunities = []
    for change in changes:
        saved_us = change.before_us - change.after_us
        opportunities.append(
            analyses.opportunity(change, improvement=total_us / (total_us - saved_us), total_us=total_us)
        )
    return sorted(opportunities, key=lambda item: analyses.rank(item, metrics))[::-1]


def fill_combined_improvement():
    left_us = total_us - sum(change.before_us - change.after_us for change in changes)
    return total_us / left_us if left_us else None


# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_cache_hierarchy"}
# Each level is larger and slower than the one before. A block pays when what is reused fits the level that feeds the
# loop: three blocks of b x b float32 need 12 * b**2 bytes. The best size that I measured was smaller than that bound.

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_deployment"}
# It depends on what was measured: where the eight-bit product was faster and the error below the limit I would deploy it.
