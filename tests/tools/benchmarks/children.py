"""The cases of one setting, in a process of their own; the process that runs the suite only collects the rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection

from . import catalogue, runner
from .bars import World
from .case import Case, Effort, Row
from .processes import ProcessDiedError, started
from .settings import Setting

PACKAGES = ("numpy", "numba", "llvmlite", "threadpoolctl", "torch", "onnxruntime", "onnx")


def world() -> World:
    """What this process is."""
    import numpy  # noqa: F401 - loads its BLAS, which threadpoolctl then finds
    import threadpoolctl

    from tinytorch import simd

    found = [entry for entry in threadpoolctl.threadpool_info() if entry["user_api"] == "blas"]
    blas = found[0] if found else {}
    return World(
        vector_bytes=simd.BYTES,
        has_dot4=simd.HAS_DOT4,
        blas=blas.get("architecture", ""),
        blas_threads=int(blas.get("num_threads", 1)),
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Of Python and of what takes part, where it is installed."""
    known = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            continue
    return known


def serve(pipe: Connection, names: Sequence[str], effort: Effort) -> None:
    """In the child: say what this process is, then a row for each case."""
    here = world()
    pipe.send(here)
    for name in names:
        pipe.send(runner.run_case(catalogue.by_name(name), here, effort))


def run_setting(
    setting: Setting,
    cases: Sequence[Case],
    effort: Effort,
    on_row: Callable[[Row], None],
    serve: Callable[..., None] = serve,
) -> World | None:
    """Run the cases in a child and hand over each row as it comes; a case that kills the child fails, others go on.

    Returns what the child said it is; None if it never got that far.
    """
    here: World | None = None
    left = list(cases)
    while left:
        try:
            with started(setting.environment, serve, [case.name for case in left], effort) as pipe:
                here = pipe.recv()
                while left:
                    row = pipe.recv()
                    left.pop(0)
                    on_row(row)
        except ProcessDiedError as err:
            on_row(runner.failed(left.pop(0), str(err)))
    return here
