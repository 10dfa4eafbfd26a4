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
def multiply_panels(A, B, C, panels):
    (M, K), N = A.shape, B.shape[1]
    a, b, c = A.reshape(-1), B.reshape(-1), C.reshape(-1)
    for j in range(0, N, W):
        lanes = min(W, N - j)
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
    return np.concatenate([job.result() for job in jobs])

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
    left, right = product_operands(A, B)
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
def fill():
    for n in sizes:
        run = measure_kernel(kernel_func, n)
        roof = self.roof(run)
        floors = [roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)]
        share = percent = why = None
        if floors[0] is None:
            why = roof.how or "no bandwidth is known"
        else:
            share = min(1.0, max(us for us in floors if us is not None) / run.time_us)
            percent = run.moved_bytes / run.time_us / roof.bandwidth_gb_s / 10
        common = {"source": "derived"} if why is None else {"source": "derived", "reason": why}
        efficiency[n] = dict(
            cache_level=cache_level(run.moved_bytes, caches),
            efficiency_estimate=share,
            data_size_mb=run.moved_bytes / 1024 / 1024,
            execution_time_us=run.time_us,
            **common,
        )
        bandwidth[n] = dict(
            bandwidth_gb_s=run.moved_bytes * 1e-9 / (run.time_us * 1e-6),
            peak_bandwidth_gb_s=roof.bandwidth_gb_s,
            utilization_percent=percent,
            bottleneck=bottleneck(run, roof),
            **common,
        )
    # three square float32 blocks of 4 bytes an element
    blocks.update({
        level: math.floor(math.sqrt(caches[name] / 3 / 4)) if caches[name] else None
        for level, name in {"L1": "l1_data", "L2": "l2", "L3": "l3"}.items()
    })

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    runs = {op: race(op, shapes) for op in counts}
    for op, run in runs.items():
        entry = {"scalar_us": run.scalar_us, "vectorized_us": run.vectorized_us, "source": "measured"}
        if run.scalar_us is None:
            entry.update(potential="unknown", speedup=None, reason=run.reason)
        else:
            entry["speedup"] = run.scalar_us / run.vectorized_us
            entry["potential"] = next(
                word for word, least in (("high", HIGH), ("medium", MEDIUM), ("low", 0)) if entry["speedup"] >= least
            )
        opportunities[op] = entry
    ran = [op for op in operation_sequence if runs[op].scalar_us is not None]
    if ran:
        before, after = sum(runs[op].scalar_us for op in ran), sum(runs[op].vectorized_us for op in ran)
        estimates["overall"] = before / after
        estimates["best_case"] = max(opportunities[op]["speedup"] for op in ran)

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    known = {}
    for p in attempts:
        us = attempts[p].time_us
        if us is None:
            entries[p] = dict(error=attempts[p].error, source="measured")
        elif one.time_us is None:
            entries[p] = dict(execution_time_us=us, speedup=None, efficiency=None, source="measured", reason=one.error)
        else:
            known[p] = one.time_us / us
            entries[p] = dict(execution_time_us=us, speedup=known[p], efficiency=known[p] / p, source="measured")
    summary[size] = dict.fromkeys(
        ("max_speedup", "best_worker_count", "scaling_efficiency", "diminishing_returns_threshold")
    )
    summary[size]["source"] = "derived"
    if known:
        top, best = max((speedup, -p) for p, speedup in known.items())
        summary[size].update(
            max_speedup=top,
            best_worker_count=-best,
            scaling_efficiency=top / -best,
            diminishing_returns_threshold=diminishing_returns(known),
        )
    else:
        summary[size]["reason"] = "nothing to compare with"

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_compare_bits():
    for bits in levels:
        result, us = run_quantized(op, operands, bits) if bits != 32 else (exact, float_us)
        squares = np.square(result - exact)
        size_of_error, size_of_result = math.sqrt(squares.mean()), math.sqrt(np.square(exact).mean())
        relative = 0.0 if size_of_error == 0 else size_of_error / size_of_result if size_of_result else None
        by_bits[bits] = dict(
            accuracy_mse=float(squares.mean()),
            relative_error=relative,
            execution_time_us=us,
            memory_bytes=elements * bits // 8,
            relative_performance=float_us / us,
            relative_memory=32 / bits,
            acceptable_accuracy=relative is not None and relative <= accuracy_threshold,
            source="measured",
            **({"reason": "the float32 result is zero everywhere"} if relative is None else {}),
        )


def fill_analyze_quantization_trade_offs():
    for bits in levels:
        of_bits = [by_bits[bits] for by_size in accuracy.values() for by_bits in by_size.values()]
        good = sum(entry["acceptable_accuracy"] for entry in of_bits) / len(of_bits)
        faster = sum(entry["relative_performance"] for entry in of_bits) / len(of_bits)
        deployment[bits] = dict(
            accuracy_success_rate=good,
            avg_performance_gain=faster,
            avg_memory_reduction=32 / bits,
            recommended_for_production=good == 1 and faster > 1,
            source="derived",
        )

# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill():
    left_us = total_us
    for item in candidates:
        difficulty, effort = JUDGEMENT[item.type]
        gain = total_us / (total_us - item.before_us + item.after_us)
        left_us -= item.before_us - item.after_us
        opportunities.append(dict(
            type=item.type,
            description=item.description,
            impact=impact_of(gain),
            difficulty=difficulty,
            implementation_effort=effort,
            expected_improvement=gain,
            share=item.before_us / total_us,
            local_speedup=item.before_us / item.after_us,
            memory_reduction=item.memory_reduction,
            relative_error=item.relative_error,
            evidence=[*item.evidence],
            source="derived",
        ))
    opportunities[:] = sorted(opportunities, key=lambda found: rank(found, metrics))[::-1]
    if left_us:
        outcomes["combined_improvement"] = total_us / left_us

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_cache_hierarchy"}
# Each level is larger and slower than the one before. A block pays when what is reused fits the level that feeds the
# loop: three blocks of b x b float32 need 12 * b**2 bytes. The best size that I measured was smaller than that bound.

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_deployment"}
# It depends on what was measured: where the eight-bit product was faster and the error below the limit I would deploy it.
