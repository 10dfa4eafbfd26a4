"""Two sides in two processes, timed in turn.

A BLAS keeps its threads spinning for a while after a call, in the hope of the next. In one process with ours, or too
soon after, they take the cores that ours need; and ours theirs. So each side has a process, and each sample begins
with a rest that is longer than threads spin, then a call that is not timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from tinytorch.bench import clock, compare_timed

from . import catalogue, runner
from .bars import World
from .case import Case, Effort, Row, WrongResultError
from .children import world
from .processes import ProcessDiedError, started
from .settings import Setting

# OpenBLAS's threads spin for 2**28 ticks of the processor's clock by default, measured as 0.11 s at 2.4 GHz
REST_S = 0.25
SAMPLE_NS = 20_000_000


def serve_side(pipe: Connection, name: str, side: str) -> None:
    """In a child: check one side of a case, then time it whenever asked, until the pipe closes."""
    try:
        race = catalogue.by_name(name).make()
        call: Callable[[], object] = getattr(race, side)
        race.check(call())
        loops = clock.loops_for(call, SAMPLE_NS)
    except Exception as err:
        pipe.send(f"the {side} {err}" if isinstance(err, WrongResultError) else f"{type(err).__name__}: {err}")
        return
    pipe.send(world())
    try:
        while pipe.recv():
            time.sleep(REST_S)
            call()
            pipe.send(clock.elapsed_ns(call, loops) / loops / 1e9)
    except EOFError:
        return


def run_sides(
    setting: Setting, case: Case, effort: Effort, serve_side: Callable[..., None] = serve_side
) -> tuple[Row, World | None]:
    """The row of a case whose sides run in processes of their own, and what the candidate's process is."""
    sides: tuple[Mapping[str, str], Mapping[str, str]] = setting.environment, setting.reference or {}
    try:
        with (
            started(sides[0], serve_side, case.name, "candidate") as candidate,
            started(sides[1], serve_side, case.name, "reference") as reference,
        ):
            worlds = candidate.recv(), reference.recv()
            for said in worlds:
                if isinstance(said, str):
                    return runner.failed(case, said), None
            # the reference's BLAS is the one that a bar speaks of
            here = World(worlds[0].vector_bytes, worlds[0].has_dot4, worlds[1].blas, worlds[1].blas_threads)
            bar, why = case.bar.here(here) if case.bar else (None, "")
            ran = compare_timed(
                lambda: _ask(candidate),
                lambda: _ask(reference),
                bound=bar or 1.0,
                min_pairs=effort.min_pairs,
                max_pairs=effort.max_pairs,
                limit_s=3 * effort.limit_s,
            )
    except ProcessDiedError as err:
        return runner.failed(case, str(err)), None
    return runner.compared(case, ran, bar, why), worlds[0]


def _ask(pipe: Connection) -> float:
    pipe.send(True)
    return pipe.recv()
