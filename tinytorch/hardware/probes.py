"""Measuring the machine: arithmetic peak, bandwidth and latency of one core.

Each probe repeats a short run and reports the best: other load on the machine can only make a run slower.
The loops are in `kernels.py`; numba is imported, and they are compiled, when a probe is first used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from tinytorch.hardware.card import card
from tinytorch.hardware.fact import Fact, format_bytes, unavailable

RUN_S = 0.0005  # length of one run: short enough that some fall between interruptions
SMALLEST_BYTES = 4096
LARGEST_BYTES = 256 << 20  # larger working sets are measured at this size
HUGE_PAGE_BYTES = 2 << 20


INTERPRETED = "NUMBA_DISABLE_JIT is set: an interpreted loop would measure the interpreter, not the machine"


def interpreted() -> bool:
    """True when numba would run the loops in the interpreter."""
    import numba

    return bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]  # set when Numba reads the environment


def measure_peak(seconds: float = 0.2) -> Fact[float]:
    """GFLOP/s that one core reaches with float32 multiply-adds that wait for neither memory nor each other."""
    if interpreted():
        return unavailable("GFLOP/s", INTERPRETED)
    from tinytorch.hardware import kernels

    lanes = kernels.vector_bytes() // 4
    operations = 2 * kernels.chains() * lanes
    factor, addend = np.float32(0.5), np.float32(1.0)
    rounds, best_s, runs = _best_run(lambda count: kernels.multiply_add(count, factor, addend), seconds)
    how = (
        f"best of {runs} runs on one core: {kernels.chains()} independent chains of float32 multiply-adds, "
        f"{lanes} lanes wide, two operations a lane"
    )
    return Fact(operations * rounds / best_s / 1e9, "GFLOP/s", "measured", how)


def measure_bandwidth(working_set_bytes: int, seconds: float = 0.1) -> Fact[float]:
    """GB/s (1e9 bytes) that one core moves within a working set of this size: the better of reading and updating.

    Reading counts each byte once. Updating multiplies in place and counts each byte twice, read and written; it
    brings in no line that it does not also use, so no hidden traffic is left out.
    """
    size_bytes = _clamped(working_set_bytes)
    if interpreted():
        return unavailable("GB/s", INTERPRETED)
    from tinytorch.hardware import kernels

    array = _aligned_floats(size_bytes, kernels.UNROLL * kernels.vector_bytes())
    where, count, one = array.ctypes.data, array.size, np.float32(1.0)
    reading = _rates(lambda n: kernels.read(where, count, n), array.nbytes, seconds / 2)
    updating = _rates(lambda n: kernels.update(where, count, n, one), 2 * array.nbytes, seconds / 2)
    better = max(reading, updating, key=max)
    how = (
        f"one core, {format_bytes(array.nbytes)}: reading alone {max(reading):.3g} GB/s (best of {len(reading)} runs), "
        f"updating in place {max(updating):.3g} GB/s, bytes read plus bytes written (best of {len(updating)}); "
        "the better one"
    )
    low, high = (float(end) for end in np.quantile(better, (0.25, 0.75)))
    return Fact(max(better), "GB/s", "measured", how, (low, high))


def _rates(run: Callable[[int], object], moved_bytes: int, seconds: float) -> list[float]:
    """GB/s of every run of a loop that moves so many bytes in a pass."""
    passes, times_s = _runs(run, seconds)
    return [moved_bytes * passes / took_s / 1e9 for took_s in times_s]


def measure_latency(working_set_bytes: int, seconds: float = 0.1) -> Fact[float]:
    """Nanoseconds from one load to the next when each needs the one before, over a working set of this size.

    The loads visit one place in every cache line, in random order, so no prefetcher can guess the next. The lines lie
    in huge pages where the system gives them: small pages, scattered over memory, collide in a cache before it is full,
    and soon outgrow the address cache (TLB). Very large working sets outgrow it all the same; that time is included.
    """
    size_bytes = _clamped(working_set_bytes)
    if interpreted():
        return unavailable("ns", INTERPRETED)
    from tinytorch.hardware import kernels

    following = _in_huge_pages(_random_cycle(size_bytes, card().line_bytes.value or 64))
    position = 0

    def run(steps: int) -> None:
        nonlocal position
        position = kernels.chase(following, position, steps)

    steps, best_s, runs = _best_run(run, seconds)
    how = f"one core, {format_bytes(following.nbytes)}: dependent loads in random order, best of {runs} runs"
    return Fact(best_s / steps * 1e9, "ns", "measured", how)


def bandwidth_sweep(sizes_bytes: list[int] | None = None) -> list[tuple[int, Fact[float]]]:
    """Bandwidth at each working set size; by default powers of two from 8 KiB to well past the caches."""
    return [(size, measure_bandwidth(size)) for size in (sizes_bytes or default_sizes())]


def default_sizes() -> list[int]:
    """Powers of two from 8 KiB to four times the last cache, at least 64 MiB, at most 256 MiB."""
    known = [fact.value for fact in (card().l2_bytes, card().l3_bytes) if fact.value is not None]
    largest = min(max(4 * max(known, default=0), 64 << 20), LARGEST_BYTES)
    return [1 << power for power in range(13, largest.bit_length())]


def _best_run(run: Callable[[int], object], seconds: float) -> tuple[int, float, int]:
    """(count, best seconds of `run(count)`, runs)."""
    count, times_s = _runs(run, seconds)
    return count, min(times_s), len(times_s)


def _runs(run: Callable[[int], object], seconds: float) -> tuple[int, list[float]]:
    """(count, seconds of every `run(count)`): the count is doubled until a run lasts `RUN_S`."""
    run(1)  # compiles
    count = 1
    while (took_s := _time(run, count)) < RUN_S:
        count *= 2
    return count, [took_s, *(_time(run, count) for _ in _until(seconds))]


def _until(seconds: float) -> Iterator[None]:
    """Yields until `seconds` have passed, at least twice."""
    deadline = time.perf_counter() + seconds
    yield
    yield
    while time.perf_counter() < deadline:
        yield


def _time(run: Callable[[int], object], count: int) -> float:
    start = time.perf_counter()
    run(count)
    return time.perf_counter() - start


def _clamped(size_bytes: int) -> int:
    if size_bytes <= 0:
        raise ValueError(f"a working set needs a positive number of bytes, got {size_bytes}")
    return min(max(size_bytes, SMALLEST_BYTES), LARGEST_BYTES)


def _aligned_floats(size_bytes: int, step_bytes: int) -> np.ndarray:
    """Ones in a float32 array of about `size_bytes`, a multiple of `step_bytes` that starts on a vector's boundary."""
    size = max(size_bytes // step_bytes, 1) * step_bytes
    raw = np.empty(size + step_bytes, dtype=np.uint8)
    offset = -raw.ctypes.data % step_bytes
    array = raw[offset : offset + size].view(np.float32)
    array.fill(1.0)
    return array


def _in_huge_pages(array: np.ndarray) -> np.ndarray:
    """A copy that begins on a huge page's boundary, in memory for which NumPy asks the system for huge pages."""
    spare = np.empty(max(array.nbytes, HUGE_PAGE_BYTES) + HUGE_PAGE_BYTES, np.uint8)  # NumPy asks from 4 MiB on
    offset = -spare.ctypes.data % HUGE_PAGE_BYTES
    copy = spare[offset : offset + array.nbytes].view(array.dtype)
    copy[:] = array
    return copy


def _random_cycle(size_bytes: int, line_bytes: int) -> np.ndarray:
    """int64 indices that, followed from 0, visit the start of every line once before they return to 0."""
    per_line = max(line_bytes // 8, 1)
    lines = max(size_bytes // (8 * per_line), 2)
    order = np.concatenate([[0], 1 + np.random.default_rng(0).permutation(lines - 1)]) * per_line
    following = np.zeros(lines * per_line, dtype=np.int64)
    following[order] = np.roll(order, -1)
    return following
