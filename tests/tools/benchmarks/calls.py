"""Times that are no ratios: a kernel's first call after installation and in a second process, and our clock's cost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from tinytorch.bench.statistics import median, median_interval

from .bars import Bar, Standing, at_most, judge
from .case import Effort, Row
from .processes import ProcessDiedError, answer
from .runner import spread
from .settings import ONE_THREAD

Times = tuple[float, float, float]  # seconds: of the call, of it on a CPU, of the import
FIRST, SECOND, OVERHEAD = at_most(3.0), at_most(0.5), at_most(1.0)


def floats(*shape: int) -> np.ndarray:
    """Random float32."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def int8s(*shape: int) -> np.ndarray:
    """Random int8."""
    return np.random.default_rng(0).integers(-128, 128, shape, np.int8)


# A kernel as a student first calls it; those that split work get enough of it to do so.
CALLS: dict[str, Callable[[Any], Callable[[], object]]] = {
    "time_kernel": lambda k: partial(k.time_kernel, abs, 1),
    "matmul_naive": lambda k: partial(k.matmul_naive, floats(64, 64), floats(64, 64)),
    "cache_friendly_matmul": lambda k: partial(k.cache_friendly_matmul, floats(256, 256), floats(256, 256)),
    "matmul_simd": lambda k: partial(k.matmul_simd, floats(256, 256), floats(256, 256)),
    "matmul_simd, one row": lambda k: partial(k.matmul_simd, floats(1, 256), floats(256, 256)),
    "vectorized_relu": lambda k: partial(k.vectorized_relu, floats(1 << 16)),
    "vectorized_relu, large": lambda k: partial(k.vectorized_relu, floats(1 << 24)),
    "vectorized_operations": lambda k: partial(k.vectorized_operations, floats(1 << 16), floats(1 << 16)),
    "fused_relu_bias": lambda k: partial(k.fused_relu_bias, floats(256, 256), floats(256)),
    "parallel_relu": lambda k: partial(k.parallel_relu, floats(1 << 23)),
    "parallel_batch_processing": lambda k: partial(k.parallel_batch_processing, floats(64, 4096)),
    "parallel_matmul": lambda k: partial(k.parallel_matmul, floats(512, 512), floats(512, 512)),
    "quantize": lambda k: partial(k.quantize, floats(256, 256)),
    "dequantize": lambda k: partial(k.dequantize, int8s(256, 256), 0.5),
    "integer_matmul": lambda k: partial(k.integer_matmul, int8s(256, 256), int8s(256, 256)),
    "integer_matmul, int16": lambda k: partial(
        k.integer_matmul, int8s(64, 64).astype(np.int16), int8s(64, 64).astype(np.int16)
    ),
    "quantized_matmul": lambda k: partial(k.quantized_matmul, floats(256, 256), floats(256, 256)),
    "quantized_relu": lambda k: partial(k.quantized_relu, floats(256, 256)),
}


def first_call(pipe: Connection, name: str) -> None:
    """In a new process: seconds of a kernel's first call, those that it spent on a CPU, and those of the import.

    Inputs are made before the clock starts.
    """
    start = time.perf_counter()
    from tinytorch.core import kernels

    imported = time.perf_counter()
    call = CALLS[name](kernels)
    begin, cpu = time.perf_counter(), time.process_time()
    call()
    pipe.send((time.perf_counter() - begin, time.process_time() - cpu, imported - start))


def first_calls(names: Sequence[str], effort: Effort) -> Iterator[Row]:
    """Two rows for each kernel: with no machine code kept, and in the next process, which finds what the first kept."""
    for name in names:
        first = (f"first call {name}", "first call", name, "after installation", "s", FIRST)
        second = (f"second process {name}", "second process", name, "code kept", "s", SECOND)
        times: tuple[list[Times], list[Times]] = ([], [])
        try:
            for _ in range(effort.repeats):
                with tempfile.TemporaryDirectory() as kept:
                    for measured in times:
                        environment = {**ONE_THREAD, "NUMBA_CACHE_DIR": kept}
                        measured.append(answer(environment, first_call, name))
        except ProcessDiedError as err:
            yield timed(*first, [], why=str(err))
            continue
        yield with_cpu(timed(*first, [time[0] for time in times[0]]), times[0])
        yield with_cpu(timed(*second, [time[0] for time in times[1]]), times[1])


def with_cpu(row: Row, times: Sequence[Times]) -> Row:
    """The row with its seconds on a CPU and of the import; where it had to wait for a CPU, it says so."""
    on_cpu = median([time[1] for time in times])
    samples = row.samples | {"on a CPU": [time[1] for time in times], "import": [time[2] for time in times]}
    had_to_wait = row.standing is not Standing.MET and row.value is not None and on_cpu < 0.8 * row.value
    why = f"the machine was busy, {on_cpu:.3g} s of it were on a CPU" if had_to_wait else row.why
    return replace(row, samples=samples, why=why)


def overhead(effort: Effort) -> Row:
    """What `time_kernel` says of a function that does nothing: microseconds, each sample one call of it."""
    names = ("overhead", "time_kernel", "time_kernel", "a function that does nothing", "us", OVERHEAD)
    try:
        samples = answer(ONE_THREAD, overheads, 20 if effort.is_quick else 200)
    except ProcessDiedError as err:
        return timed(*names, [], str(err))
    return timed(*names, samples)


def overheads(pipe: Connection, count: int) -> None:
    """In a new process: `count` times reported for a function that does nothing."""
    from tinytorch.core.kernels import time_kernel

    def nothing() -> None:
        pass

    pipe.send([time_kernel(nothing)[1] for _ in range(count)])


def timed(
    name: str, group: str, what: str, against: str, unit: str, bar: Bar, samples: list[float], why: str = ""
) -> Row:
    """The row of a time: the median between its interval's ends, or the extremes of too few samples for one."""
    limit = float(bar.narrow or 0)
    place = "a process of its own"
    if not samples:
        return Row(name, group, what, against, place, unit, bar=limit, standing=Standing.FAILED, why=why)
    low, high = median_interval(samples, 0.95)
    low, high = max(low, min(samples)), min(high, max(samples))
    return Row(
        name,
        group,
        what,
        against,
        place,
        unit,
        value=median(samples),
        low=low,
        high=high,
        confidence=0.95 if len(samples) > 5 else None,
        bar=limit,
        standing=judge(low, high, limit, is_time=True),
        samples={"candidate": samples},
        spread={"candidate": spread(samples)},
    )
