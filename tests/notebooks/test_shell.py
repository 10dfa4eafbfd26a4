"""The shell that the kit and the grader share: what a cell printed, showed and raised comes back as limited data."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinytorch.notebooks.cell_files import CellFiles
from tinytorch.notebooks.raised import MAX_PLACES, MESSAGE_CHARS, NAME_CHARS, TRACEBACK_CHARS, Place, describe

# The shell takes over the streams and input() of its process, so it gets one of its own.
CHILD = """
import dataclasses, json, os, sys
from pathlib import Path
from tinytorch.notebooks.outputs import OutputLimits
from tinytorch.notebooks.shell import open_shell
report = os.fdopen(os.dup(1), "w")
shell = open_shell(Path.cwd(), OutputLimits(text_chars=200, image_chars=50))
cells = json.loads(sys.argv[1])
results = [dataclasses.asdict(shell.run(f"01_first, cell {number}", cell)) for number, cell in enumerate(cells, 1)]
json.dump({"results": results, "x": shell.look_up("x"), "missing": shell.look_up("missing")}, report)
"""
RunCells = Callable[..., dict[str, Any]]


@pytest.fixture
def run_cells(tmp_path: Path) -> RunCells:
    """Runs cells in a shell of their own process; returns what the shell said of them."""

    def run(*sources: str) -> dict[str, Any]:
        command = [sys.executable, "-c", CHILD, json.dumps(sources)]
        environment = {"PYTHONPATH": ":".join(path for path in sys.path if path), "HOME": str(tmp_path)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=120
        )
        return json.loads(done.stdout)

    return run


def test_cells_share_names_and_one_that_fails_costs_itself(run_cells: RunCells) -> None:
    answer = run_cells("x = 40", "1 / 0", "x = = 2", "x += 2")
    assert [result["raised"] is None for result in answer["results"]] == [True, False, False, True]
    assert (answer["x"], answer["missing"]) == (42, None)


def test_an_error_names_the_lines_of_cells_on_its_way(run_cells: RunCells) -> None:
    raised = run_cells("def f(n):\n    return 1 / n", "a = 1\nf(0)")["results"][1]["raised"]
    assert raised["kinds"][:2] == ["ZeroDivisionError", "ArithmeticError"]
    places = [(place["cell"], place["line"]) for place in raised["places"]]
    assert places == [("01_first, cell 2", 2), ("01_first, cell 1", 2)]
    assert raised["code"] == "return 1 / n"


def test_a_syntax_error_has_its_place_and_a_reason_without_the_file(run_cells: RunCells) -> None:
    raised = run_cells("a = 1\nb = = 2")["results"][0]["raised"]
    assert raised["places"] == [{"cell": "01_first, cell 1", "line": 2}]
    assert raised["reason"] == "invalid syntax"
    assert "line 2" in raised["message"]


def test_nobody_is_asked_for_input(run_cells: RunCells) -> None:
    results = run_cells("input('name? ')", "import getpass\ngetpass.getpass()")["results"]
    assert [result["raised"]["kinds"][0] for result in results] == ["StdinNotImplementedError"] * 2


def test_outputs_are_recorded_and_limited(run_cells: RunCells) -> None:
    first, second = run_cells("print('a')\n6 * 7", "print('x' * 10_000)")["results"]
    assert [output["output_type"] for output in first["outputs"]] == ["stream", "execute_result"]
    assert first["outputs"][1]["data"] == {"text/plain": "42"}
    assert len(second["outputs"][0]["text"]) < 300
    assert second["outputs"][0]["text"].endswith("left out]\n")


@pytest.fixture
def files(tmp_path: Path) -> CellFiles:
    return CellFiles(tmp_path)


def raised_by(source: str, path: str) -> BaseException:
    try:
        exec(compile(source, path, "exec"), {})
    except Exception as err:
        return err
    raise AssertionError("the source was to raise")


def test_an_imported_cell_has_a_file_beside_the_cell_that_ran_and_the_same_name(files: CellFiles) -> None:
    ran, imported = files.put("01_first, cell 3", "x = 1"), files.put_imported("01_first, cell 3", "raise KeyError(1)")
    assert Path(ran).read_text() == "x = 1"
    assert files.title_of(imported) == "01_first, cell 3 imported"
    assert describe(raised_by("raise KeyError(1)", imported), files).where == "01_first, cell 3, line 1"


def test_an_error_outside_every_cell_has_no_place(files: CellFiles) -> None:
    raised = describe(raised_by("raise KeyError(1)", "elsewhere.py"), files)
    assert (raised.places, raised.where, raised.code) == ((), "", "")


def test_a_class_of_the_students_is_known_by_the_builtin_nearest_to_it(files: CellFiles) -> None:
    source = "class Odd(LookupError): pass\nraise Odd('no such thing')"
    raised = describe(raised_by(source, files.put("c", source)), files)
    assert (raised.type_name, raised.builtin, raised.words) == ("Odd", "LookupError", "Odd: no such thing")
    assert raised.places == (Place("c", 2),)


def test_a_message_that_cannot_be_read_is_told_so(files: CellFiles) -> None:
    source = "class Mute(Exception):\n    def __str__(self):\n        raise OSError\nraise Mute"
    assert "could not be read: OSError" in describe(raised_by(source, "c"), files).message


def test_every_text_and_the_number_of_places_is_limited(files: CellFiles) -> None:
    name = "L" * 500
    fail = f"class {name}(Exception): pass\ndef f(n):\n    if not n: raise {name}('m' * 9999)\n    f(n - 1)\nf(200)"
    raised = describe(raised_by(fail, files.put("deep", fail)), files)
    assert len(raised.places) == MAX_PLACES
    assert len(raised.message) == len(raised.reason) == len(raised.words) == MESSAGE_CHARS
    assert len(raised.type_name) == NAME_CHARS
    assert len(raised.traceback) <= TRACEBACK_CHARS
