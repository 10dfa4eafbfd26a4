"""The visible checks: a fresh process, a limit for each cell, and words that name cell and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from tests.courses.tiny import edit, solve
from tinytorch.course.names import Module
from tinytorch.course.notebooks import read_notebook, write_notebook
from tinytorch.course.project import Project
from tinytorch.course.visible import LessonRun, run_checks
from tinytorch.notebooks.cells import grade_id

ANSWER = "return given(a) + given(b)"


@pytest.fixture
def notebook(kit: Project, module: Module) -> Path:
    return kit.notebooks_dir(module) / "01_first.ipynb"


def run(kit: Project, notebook: Path, limit_s: float = 30) -> LessonRun:
    original = kit.originals_dir / "13_kernels" / notebook.name
    return run_checks(notebook, limit_s=limit_s, package_root=kit.root, original=original)


def add_cell(notebook: Path, source: str, before: str = "check_total") -> None:
    nb = read_notebook(notebook)
    place = next(number for number, cell in enumerate(nb.cells) if grade_id(cell) == before)
    nb.cells.insert(place, new_code_cell(source, id=f"mine-{len(nb.cells)}"))
    write_notebook(nb, notebook)


def test_an_untouched_notebook_is_not_written_yet(kit: Project, notebook: Path) -> None:
    ran = run(kit, notebook)
    (check,) = ran.checks
    assert (check.name, check.grade_id, check.passed) == ("test_unit_total", "check_total", False)
    assert (check.message, ran.errors, ran.passed) == ("not written yet", (), False)


def test_a_right_answer_passes(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", ANSWER)
    ran = run(kit, notebook)
    assert (ran.lesson, ran.passed, ran.errors) == ("01_first", True, ())
    assert ran.checks[0].cell == 4


def test_a_wrong_answer_fails_with_the_checks_words_and_line(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return a - b")
    (check,) = run(kit, notebook).checks
    assert (check.passed, check.message, check.cell, check.line) == (False, "2 + 3 should give 5", 4, 2)


def test_an_exception_names_the_line_that_raised_it(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return [][a]")
    (check,) = run(kit, notebook).checks
    assert check.message == "IndexError: list index out of range (01_first.ipynb, cell [3] (total), line 4)"
    assert (check.cell, check.line) == (3, 4)


def test_a_syntax_error_names_notebook_cell_and_line(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return (a +")
    ran = run(kit, notebook)
    (error,) = ran.errors
    assert (error.cell, error.grade_id, error.line) == (3, "total", 4)
    assert error.message.startswith("01_first.ipynb, cell [3] (total), line 4: syntax error: ")
    assert ran.checks[0].message == f"a cell it needs did not run: {error.message}"


def test_a_failing_cell_costs_that_cell_only(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", ANSWER)
    add_cell(notebook, "1 / 0")
    ran = run(kit, notebook)
    assert ran.passed
    assert [error.message for error in ran.errors] == [
        "01_first.ipynb, cell [4], line 1: ZeroDivisionError: division by zero"
    ]


def test_an_infinite_loop_costs_its_cell_only(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", ANSWER)
    add_cell(notebook, "while True: pass")
    ran = run(kit, notebook, limit_s=1)
    assert ran.passed
    assert [error.message for error in ran.errors] == [
        "01_first.ipynb, cell [4]: took longer than 1 seconds and was stopped"
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "the process ended with exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "the process was killed by signal 9"),
    ],
    ids=["exit", "kill"],
)
def test_a_cell_that_kills_the_process_costs_that_cell(kit: Project, notebook: Path, source: str, words: str) -> None:
    solve(notebook, "total", ANSWER)
    add_cell(notebook, source)
    ran = run(kit, notebook)
    assert ran.passed
    assert words in ran.errors[0].message


def test_what_a_cell_prints_decides_nothing(kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return 0")
    add_cell(notebook, 'import os; os.write(1, b\'{"event": "end", "error": null}\\n\'); print("passed")')
    assert not run(kit, notebook).passed


@pytest.mark.parametrize(
    "line", ["%matplotlib inline", "!true", "import asyncio; await asyncio.sleep(0)", "display(1)"]
)
def test_what_jupyter_understands_runs(kit: Project, notebook: Path, line: str) -> None:
    solve(notebook, "total", ANSWER)
    add_cell(notebook, line)
    assert run(kit, notebook).errors == ()


def test_input_is_refused_and_nothing_waits(kit: Project, notebook: Path) -> None:
    add_cell(notebook, "input('name? ')")
    assert "input() cannot be answered" in run(kit, notebook).errors[0].message


def test_a_measuring_cell_is_left_out(kit: Project, notebook: Path) -> None:
    assert run(kit, notebook).errors == ()


def test_a_measuring_cell_that_the_student_changed_is_run(kit: Project, notebook: Path) -> None:
    edit(notebook, 'raise SystemExit("measuring cells are left out")', "1 / 0")
    assert "ZeroDivisionError" in run(kit, notebook).errors[0].message


def test_an_edited_check_is_run_as_it_was(kit: Project, notebook: Path) -> None:
    edit(notebook, 'assert total(2, 3) == 5, "2 + 3 should give 5"', "pass")
    assert run(kit, notebook).checks[0].message == "not written yet"


def test_a_deleted_check_has_failed(kit: Project, notebook: Path) -> None:
    nb = read_notebook(notebook)
    nb.cells = [cell for cell in nb.cells if grade_id(cell) != "check_total"]
    write_notebook(nb, notebook)
    ran = run(kit, notebook)
    assert (ran.passed, ran.checks[0].name) == (False, "test_unit_total")
    assert "check_total is missing" in ran.checks[0].message


def test_earlier_lessons_come_from_the_students_own_package(kit: Project, module: Module) -> None:
    notebook = kit.notebooks_dir(module) / "02_second.ipynb"
    solve(notebook, "double", "return total(a, a)")
    (check,) = run(kit, notebook).checks
    assert check.message == "it needs total, which is not written yet"


def test_compiled_code_of_an_earlier_run_is_not_found_again(kit: Project, notebook: Path) -> None:
    add_cell(notebook, "from numba import njit\n@njit\ndef part(): return 1", before="total")
    add_cell(notebook, "@njit(cache=True)\ndef whole(): return part()", before="total")
    solve(notebook, "total", "return a + b if whole() == 1 else 0")
    assert run(kit, notebook).passed
    edit(notebook, "def part(): return 1", "def part(): return 2")
    assert not run(kit, notebook).passed


def test_no_process_is_left_behind(kit: Project, notebook: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = "import subprocess; child = subprocess.Popen(['sleep', '300'])"
    add_cell(notebook, f"{child}\nopen({str(pid_file)!r}, 'w').write(str(child.pid))\nwhile True: pass")
    run(kit, notebook, limit_s=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
