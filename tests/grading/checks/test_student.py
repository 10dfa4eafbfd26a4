"""The `student` fixture calls what the notebook defines, and what comes back is what came back."""

from __future__ import annotations

import platform
import textwrap
import time
from collections.abc import Callable

import numpy as np
import pytest

from tinytorch.grading.base.student_errors import StudentRaised, student_error
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.checks.student import Student

OpenStudent = Callable[..., Student]


def test_arguments_and_results_keep_type_and_layout(open_student: OpenStudent) -> None:
    student = open_student(
        "def look(x):\n    return [str(x.dtype), x.shape, x.strides, x.flags.writeable, type(x).__name__]",
        "def same(*args, **kwargs):\n    return args, kwargs",
    )
    x = np.arange(12, dtype=np.int16).reshape(3, 4)[::-1, ::2]
    x.flags.writeable = False
    assert student.look(x) == ["int16", (3, 2), (-8, 4), False, "ndarray"]
    assert student.same(1, "a", k=(None, 2.5)) == ((1, "a"), {"k": (None, 2.5)})


def test_a_call_tells_what_became_of_the_arguments(open_student: OpenStudent) -> None:
    student = open_student("def fill(x, out=None):\n    out[:] = x + 1\n    x[0] = 9\n    return out")
    x, out = np.zeros(3), np.zeros(3)
    call = student.call("fill", x, out=out)
    assert call.result_is == "out"
    assert call.kwargs["out"].tolist() == [1, 1, 1]
    assert call.args[0].tolist() == [9, 0, 0]
    assert x.tolist() == [0, 0, 0]
    assert call.wall_s > 0


def test_a_broadcast_view_is_an_argument_but_no_answer(open_student: OpenStudent) -> None:
    student = open_student("import numpy as np\ndef spread(x):\n    return np.broadcast_to(x.sum(), (3, 3))")
    with pytest.raises(CheckFailed, match="spread returned an array whose elements share memory"):
        student.call("spread", np.broadcast_to(np.float32(2), (4, 5)))


def test_builtin_exceptions_arrive_by_type_with_the_students_line(open_student: OpenStudent) -> None:
    student = open_student("def f(x):\n    raise ValueError(f'bad {x}')")
    with pytest.raises(ValueError, match="bad 3") as caught:
        student.f(3)
    error = student_error(caught.value)
    assert error is not None
    assert error.words() == "ValueError: bad 3 (01_first, cell 1, line 2: `raise ValueError(f'bad {x}')`)"
    assert "01_first_cell_1.py" in caught.value.student_traceback


def test_other_exceptions_arrive_as_student_raised(open_student: OpenStudent) -> None:
    student = open_student("class Odd(Exception):\n    pass\ndef f():\n    raise Odd('no')")
    with pytest.raises(StudentRaised, match="no") as caught:
        student.f()
    assert caught.value.error.type_name == "Odd"


@pytest.mark.parametrize("exception", ["SystemExit(0)", "KeyboardInterrupt()"])
def test_attempts_to_leave_are_the_students(open_student: OpenStudent, exception: str) -> None:
    student = open_student(f"def f():\n    raise {exception}", "def g():\n    return 1")
    with pytest.raises(StudentRaised):
        student.f()
    assert student.g() == 1


def test_an_exception_that_fights_back_is_still_one(open_student: OpenStudent) -> None:
    student = open_student(
        "class E(ValueError):\n    def __str__(self):\n        raise RuntimeError\ndef f():\n    raise E"
    )
    with pytest.raises(ValueError, match="could not be read"):
        student.f()


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        pytest.param(("x = 1",), "no cell of 01_first defines it", id="nowhere"),
        pytest.param(("def f(:\n    pass",), r"cell 1 of 01_first failed \(SyntaxError", id="syntax error"),
        pytest.param(("@nothing\ndef f():\n    pass",), r"failed \(NameError", id="failing decorator"),
        pytest.param(("def f(): pass", "del f"), "though cell 1 mentions it", id="deleted"),
        pytest.param(("def f(): pass", "f = 3"), "though cell 1 mentions it", id="no function"),
    ],
)
def test_a_missing_function_is_told_in_words(open_student: OpenStudent, sources: tuple[str, ...], words: str) -> None:
    with pytest.raises(CheckFailed, match=words):
        open_student(*sources).f(1)


@pytest.mark.parametrize(
    "body",
    [
        "return x.view(type('T', (np.ndarray,), {}))",
        "return np.ma.masked_array(x)",
        "return x.astype(object)",
        "return (i for i in x)",
        "return type('Yes', (), {'__eq__': lambda s, o: True})()",
    ],
)
def test_what_only_looks_like_an_array_cannot_be_an_answer(open_student: OpenStudent, body: str) -> None:
    with pytest.raises(CheckFailed, match="cannot be used here"):
        open_student(f"import numpy as np\ndef f(x):\n    {body}").f(np.ones(3))


def test_objects_stay_over_there_and_can_be_used(open_student: OpenStudent) -> None:
    student = open_student(
        "class Counter:\n    def __init__(self, start): self.n = start",
        "def add(self, k):\n    self.n += k\n    return self.n\nCounter.add = add",
    )
    counter = student.new("Counter", 5)
    assert counter.call("add", 2) == 7
    assert counter.get("n") == 7
    assert student.get(counter, "n") == 7


def test_given_functions_can_be_arguments(open_student: OpenStudent) -> None:
    student = open_student("def apply(f, x):\n    return f(x)")
    square = student.define("def square(x):\n    return np.square(x)", "square")
    assert student.apply(square, np.array([2.0, 3.0])).tolist() == [4, 9]
    assert square(3) == 9


def test_given_functions_are_there_again_after_a_death(open_student: OpenStudent) -> None:
    student = open_student("def apply(f, x):\n    return f(x)", "def die():\n    import os; os._exit(1)")
    square = student.define("def square(x):\n    return x * x", "square")
    with pytest.raises(Exception, match="ended the process"):
        student.die()
    assert student.apply(square, 3) == 9


def test_a_lost_object_is_told(open_student: OpenStudent) -> None:
    student = open_student("class A: pass", "def die():\n    import os; os._exit(1)")
    made = student.new("A")
    with pytest.raises(Exception, match="ended the process"):
        student.die()
    with pytest.raises(CheckFailed, match="was lost"):
        made.get("x")


def test_an_answer_too_large_for_the_wire_costs_that_call(open_student: OpenStudent) -> None:
    student = open_student(
        "import numpy as np\ndef big():\n    return np.zeros(1 << 20)", "def g():\n    return 1", message_bytes=1 << 20
    )
    with pytest.raises(CheckFailed, match="8 MiB"):
        student.big()
    assert student.g() == 1


SORT = "def reference(x):\n    return np.sort(x)"


def inputs() -> tuple[np.ndarray]:
    return (np.random.default_rng().standard_normal(20_000),)


def test_speed_of_the_same_work_is_about_one(open_student: OpenStudent) -> None:
    student = open_student("import numpy as np\ndef f(x):\n    return np.sort(x)")
    assert 0.2 < student.speed("f", inputs, SORT, bounds=[0.05]).ratio < 5


def test_speed_of_slow_work_is_low(open_student: OpenStudent) -> None:
    student = open_student("import numpy as np, time\ndef f(x):\n    time.sleep(0.05)\n    return np.sort(x)")
    comparison = student.speed("f", inputs, SORT, bounds=[0.1, 0.5])
    assert comparison.high < 0.5


def test_work_put_off_until_the_result_is_fetched_counts(open_student: OpenStudent) -> None:
    student = open_student(
        "import numpy as np, time\n"
        "class Late(list):\n    def __iter__(self):\n        time.sleep(0.05)\n        return iter([1.0])\n"
        "def f(x):\n    return Late()"
    )
    comparison = student.speed("f", inputs, SORT, verify=lambda given, result: None, bounds=[0.5])
    assert comparison.high < 0.5


def test_every_timed_result_is_checked(open_student: OpenStudent) -> None:
    student = open_student(
        "import numpy as np\nseen = []",
        "def f(x):\n    seen.append(np.sort(x)) if len(seen) < 3 else None\n    return seen[-1]",
    )
    with pytest.raises(CheckFailed, match="a timed result is wrong"):
        student.speed("f", inputs, SORT, bounds=[0.05])


def test_a_process_stands_still_between_its_samples(open_student: OpenStudent) -> None:
    student = open_student(
        "import threading, time, numpy as np\nbeats = [0]\n"
        "def beat():\n    while True:\n        time.sleep(0.002)\n        beats[0] += 1\n"
        "threading.Thread(target=beat, daemon=True).start()\n"
        "def f(x):\n    return np.array([beats[0], time.monotonic()])\n"
        "def g():\n    return beats[0]"
    )
    seen: list[np.ndarray] = []

    def verify(given: object, result: np.ndarray) -> None:
        seen.append(result)
        time.sleep(0.05)

    student.speed("f", lambda: (np.ones(1),), "def reference(x):\n    return x", verify, bounds=[1e-9])
    beats, seconds = np.array(seen[-1]) - seen[0]
    assert seconds > 0.05 * (len(seen) - 1)
    assert beats < 5 * len(seen)
    before = student.g()
    time.sleep(0.1)
    assert student.g() > before


def test_an_input_that_is_the_result_lies_where_it_was(open_student: OpenStudent) -> None:
    student = open_student("import numpy as np\ndef f(x, out):\n    return np.negative(x, out=out)")
    seen: list[bool] = []
    student.speed(
        "f",
        lambda: (np.ones((3, 5), np.float32), np.empty((3, 5), np.float32)),
        "def reference(x, out):\n    return np.negative(x, out=out)",
        lambda given, result: seen.append(bool((result == -1).all())),
        bounds=[1e-9],
    )
    assert len(seen) > 7
    assert all(seen)


def test_a_sample_of_several_calls_has_new_inputs_for_each_and_checks_every_result(open_student: OpenStudent) -> None:
    student = open_student("import numpy as np\ndef f(x):\n    return np.sort(x)")
    made: list[np.ndarray] = []
    verified: list[np.ndarray] = []

    def make_inputs() -> tuple[np.ndarray]:
        made.append(np.random.default_rng(len(made)).standard_normal(1000))
        return (made[-1],)

    def verify(given: tuple[np.ndarray], result: object) -> None:
        assert np.array_equal(result, np.sort(given[0]))
        verified.append(given[0])

    comparison = student.speed("f", make_inputs, SORT, verify, bounds=[1e-3], calls=5)
    samples = comparison.pairs + 1  # one to warm up, and one more of the reference
    assert (len(made), len(verified)) == (10 * samples + 5, 5 * samples)
    assert len({x.tobytes() for x in made}) == len(made)


def test_one_wrong_result_in_a_sample_fails_it(open_student: OpenStudent) -> None:
    student = open_student(
        "import numpy as np\ncalls = []\n"
        "def f(x):\n    calls.append(1)\n    return np.sort(x) if len(calls) % 5 else np.sort(x) + 1"
    )
    with pytest.raises(CheckFailed, match="a timed result is wrong"):
        student.speed("f", inputs, SORT, bounds=[0.05], calls=5)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks of glibc's malloc")
def test_memory_that_was_freed_is_not_fetched_again_page_by_page(open_student: OpenStudent) -> None:
    source = """
    import resource
    import numpy as np

    def expression():
        x = np.ones(200_000, np.float32)
        return np.maximum(np.rint(x / 3) * 2 + x, 0)

    def faults():
        expression()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            expression()
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    """
    assert open_student(textwrap.dedent(source)).faults() < 100


def test_both_processes_get_the_vector_settings_of_the_grader(
    open_student: OpenStudent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYTORCH_SIMD_BYTES", "16")
    monkeypatch.setenv("TINYTORCH_SIMD_DOT4", "0")
    look = "import numpy as np\nfrom tinytorch import simd\ndef {0}(x):\n    return x * simd.BYTES + simd.HAS_DOT4"
    student = open_student(look.format("f"))
    seen: list[float] = []
    student.speed(
        "f",
        lambda: (np.ones(1),),
        look.format("reference"),
        lambda given, result: seen.append(result[0]),
        bounds=[1e-9],
    )
    assert set(seen) == {16}
    assert student.speed("f", lambda: (np.ones(1),), look.format("reference"), bounds=[1e-9]).ratio > 0
