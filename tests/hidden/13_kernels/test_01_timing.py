"""Graded checks of lesson 01_timing: the trusted side of its 8 points."""

import numpy as np
import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("01_timing")

RECORDER = """
class Recorder:
    calls = 0
    same = True
    def __call__(self, x, *rest, factor=1, repeats=0):
        self.calls += 1
        now = (x.tobytes() if hasattr(x, "tobytes") else repr(x), rest, factor, repeats)
        if self.calls == 1:
            self.first = now
        self.same = self.same and now == self.first
        return x * factor
work = Recorder()
"""

FAILING = """
class Failing:
    calls = 0
    def __call__(self, at_call):
        self.calls += 1
        if self.calls == at_call:
            raise LookupError("call number %d has no luck" % at_call)
        return self.calls
work = Failing()
"""

SLEEPING = """
import time
class Sleeping:
    calls = 0
    def __call__(self, seconds):
        self.calls += 1
        time.sleep(seconds)
work = Sleeping()
"""

# slow at the calls given, else about a millisecond; it spins, so that a tired timer cannot lengthen it
UNEVEN = """
import time
class Uneven:
    calls = 0
    def __call__(self, slow_calls, slow_s):
        self.calls += 1
        until = time.perf_counter() + (slow_s if self.calls in slow_calls else 0.001)
        while time.perf_counter() < until:
            pass
        return self.calls
work = Uneven()
"""


def pair(answer):
    """The two values that time_kernel returns."""
    check.require(isinstance(answer, tuple) and len(answer) == 2, "time_kernel must return (result, microseconds)")
    return answer


@pytest.mark.grade("check_time_kernel", weight=2)
def test_result_and_arguments(student, rng):
    """The result is the function's own, and every call gets the arguments and keyword arguments unchanged."""
    work = student.define(RECORDER, "work")
    x = rng.standard_normal((7, 5)).astype(np.float32)
    result, microseconds = pair(student.time_kernel(work, x, "further", None, factor=np.float32(3), repeats=2))
    check.exactly(result, x * np.float32(3), dtype=np.float32)
    check.number(microseconds, low=0, what="the time")
    check.require(work.get("same"), "the calls of the function did not all get the same arguments")
    shape = int(rng.integers(2, 9))
    result, _ = pair(student.time_kernel(student.define(RECORDER, "work"), "ab", factor=shape))
    check.exactly(result, "ab" * shape)


@pytest.mark.grade("check_time_kernel", weight=1)
def test_exceptions_pass(student):
    """An exception of the function arrives unchanged, in the first call as in a later one."""
    result, _ = pair(student.time_kernel(student.define(FAILING, "work"), 0))
    check.number(result, low=1, what="the result of a function that does not fail")
    for at_call in (1, 2):
        with check.raises(LookupError, mentions=[f"call number {at_call} has no luck"]):
            student.time_kernel(student.define(FAILING, "work"), at_call)


@pytest.mark.grade("check_time_kernel", weight=2)
def test_time_of_a_known_wait(student):
    """The time is that of one call, waiting included, in microseconds: no more than one call took, and no less."""
    for wait_s in (0.004, 0.060):
        work = student.define(SLEEPING, "work")
        call = student.call("time_kernel", work, wait_s)
        _, microseconds = pair(call.value)
        calls = work.get("calls")
        check.require(calls >= 2, f"the function must be called at least twice; it was called {calls} time(s)")
        # every other call took the wait or longer, so what the grader's clock leaves for one call bounds it
        check.number(
            microseconds,
            low=wait_s * 0.98e6,
            high=(call.wall_s - (calls - 1) * wait_s) * 1e6,
            what=f"the time of a call that waits {wait_s * 1000:g} ms, in microseconds,",
        )


@pytest.mark.grade("check_time_kernel", weight=2)
def test_warm_up(student):
    """The first call is not part of the time: a function slow at its first call only is reported as quick."""
    work = student.define(UNEVEN, "work")
    _, microseconds = pair(student.time_kernel(work, (1,), 1.0))
    check.require(work.get("calls") >= 2, "the function must be called again after the warm-up")
    check.number(microseconds, low=980, high=25_000, what="the time of a function that is slow at its first call only")


@pytest.mark.grade("check_time_kernel", weight=1)
def test_one_disturbed_call(student):
    """One disturbed call among the timed ones does not decide the time; take as many samples as enough_samples asks."""
    work = student.define(UNEVEN, "work")
    _, microseconds = pair(student.time_kernel(work, (2,), 0.020))
    check.number(microseconds, low=980, high=13_000, what="the time of a quick function with one disturbed call")
