"""What `tito module test` says of a cell is what grading says of it, for cells of every odd kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import tinytorch
from tests.courses.samples import plain_notebook, write
from tests.courses.tiny import kit, module, project, released, solve
from tinytorch.course.cells import run_cells
from tinytorch.course.names import Module
from tinytorch.course.notebooks import read_notebook
from tinytorch.course.project import Project
from tinytorch.course.visible import run_checks
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.setup import Sandbox
from tinytorch.grading.handed_in.frame import take_in
from tinytorch.grading.sandbox.session import Notebook, Session, Setting
from tinytorch.notebooks.code import code_cells

__all__ = ["kit", "module", "project", "released"]

ROOT = Path(tinytorch.__file__).parents[1]

ODD_CELLS = {
    "plain": "x = 1\nx",
    "comment": "# nothing but this",
    "display": "display({'a': 1}); {'a': 1}",
    "line magic": "%timeit -n 1 -r 1 sum(range(9))",
    "cell magic": "%%time\ntotal = sum(range(9))",
    "capture": "%%capture words\nprint('hidden')",
    "unknown magic": "%no_such_magic",
    "matplotlib": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);\nplt.show()",
    "shell line": "!echo something",
    "shell line that fails": "!exit 3",
    "help": "len?",
    "source": "def shown():\n    return 41\n\nimport inspect\nassert 'return 41' in inspect.getsource(shown)",
    "await": "import asyncio\nawait asyncio.sleep(0)",
    "dataclass": "from dataclasses import dataclass\n\n@dataclass\nclass P:\n    x: int\n\nassert P(1) == P(1)",
    "numba": "from numba import njit\n\n@njit(cache=True)\ndef twice(x):\n    return 2 * x\n\nassert twice(3) == 6",
    "input": "input('name? ')",
    "getpass": "import getpass\ngetpass.getpass()",
    "exit": "import sys\nsys.exit(0)",
    "quit": "quit()",
    "error": "1 / 0",
    "own error": "class Odd(ValueError):\n    pass\n\nraise Odd('no')",
    "syntax error": "def broken(:\n    pass",
    "indentation": "  x = 1\n y = 2",
    "unicode": "ä = 'ß \\ud800'\nlen(ä)",
    "long output": "for line in range(2000):\n    print(line, 'x' * 100)",
    "stderr": "import sys\nprint('on stderr', file=sys.stderr)",
    "warning": "import warnings\nwarnings.warn('careful')",
    "future": "from __future__ import annotations\ndef f(x: Unknown): pass",
    "main": "assert __name__ == '__main__'",
    "unwritten": "raise NotImplementedError('f: not written yet')",
    "command line": "import sys\nassert sys.argv[1:] == []",
    "after a failure": "x + 1",
}


@pytest.fixture(scope="module")
def at_home() -> dict[str, str]:
    """Each odd cell's exception type, or "ok", in the kit's child process; all in one notebook."""
    ended = run_cells(list(enumerate(ODD_CELLS.values(), start=1)), limit_s=60, package_root=ROOT)
    kinds = ["ok" if failure is None else failure.kind for failure in ended.values()]
    return dict(zip(ODD_CELLS, kinds, strict=True))


@pytest.fixture
def graded(open_session: Callable[..., Session]) -> dict[str, str]:
    """The same in a student process."""
    session = open_session(*ODD_CELLS.values())
    session.ensure_started()
    kinds = ["ok" if run.status == "ok" else re.split(r"\W", run.words)[0] for run in session.cell_runs]
    return dict(zip(ODD_CELLS, kinds, strict=True))


def test_every_odd_cell_ends_alike(at_home: dict[str, str], graded: dict[str, str]) -> None:
    assert graded == at_home
    assert {name for name, kind in graded.items() if kind != "ok"} == {
        *(
            "unknown magic",
            "input",
            "getpass",
            "exit",
            "error",
            "own error",
            "syntax error",
            "indentation",
            "unwritten",
        ),
    }


def test_failures_are_put_down_to_the_same_lines(tmp_path: Path, open_session: Callable[..., Session]) -> None:
    """Lines count as in Jupyter's own tracebacks, where blank lines at the start of a cell are gone."""
    sources = ["x = 1", "", "1 / 0", "# only this", "\ndef f():\n    return y\n\nf()", "\n\nz = = 1"]
    write(tmp_path, "01_first", *plain_notebook(*sources).cells)
    ran = run_checks(tmp_path / "01_first.ipynb", package_root=ROOT)
    session = open_session(*sources)
    session.ensure_started()
    tracebacks = [output["traceback"] for run in session.cell_runs if run.status == "error" for output in run.outputs]
    graded = [re.findall(r"01_first, cell (\d+), line (\d+)", "\n".join(lines))[-1] for lines in tracebacks]
    assert [(int(cell), int(line)) for cell, line in graded] == [(error.cell, error.line) for error in ran.errors]
    assert [(error.cell, error.line) for error in ran.errors] == [(2, 1), (4, 2), (5, 1)]


def test_they_have_the_same_numbers() -> None:
    sources = ["x = 1", "", "  ", "1 / 0", "", "y = 2"]
    cells = code_cells("01_first", plain_notebook(*sources), None)
    assert [(cell.number, cell.source) for cell in cells] == [(1, "x = 1"), (2, "1 / 0"), (3, "y = 2")]


MESSY = {
    "": "runs nowhere",
    " \n\t": "runs nowhere",
    "# nothing but this": "ok",
    "1 / 0": "failed",
    "word = 'half a pair: \ud800'": "ok",
    "first = 1\r\nsecond = 2\rfirst / 0": "failed",
    'raise SystemExit("measuring cells are left out")': "runs nowhere",  # a copy of one, without its tag
    "# " + "a" * 400_000: "failed",
    "a = 1": "ok",
}


@pytest.fixture
def messy(kit: Project, module: Module) -> Path:
    """A lesson's notebook with a wrong answer, and odd cells at its start."""
    path = kit.notebooks_dir(module) / "01_first.ipynb"
    solve(path, "total", "return a - b")
    raw = json.loads(path.read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    raw["cells"][:0] = [{**cell, "id": f"mine-{at}", "source": source} for at, source in enumerate(MESSY)]
    path.write_text(json.dumps(raw), encoding="utf-8")
    return path


def test_one_notebook_ends_alike_under_the_same_numbers(
    kit: Project, module: Module, messy: Path, sandbox: Sandbox
) -> None:
    original = kit.originals_dir / module.name / messy.name
    at_home = run_checks(messy, limit_s=60, package_root=kit.root, original=original)
    failed_at_home = {*(error.cell for error in at_home.errors), *(check.cell for check in at_home.checks)}

    release = read_notebook(original)
    cells = code_cells(messy.stem, take_in(messy, release).notebook, release)
    session = Session(Notebook(messy.stem, cells), Setting(Limits(), sandbox))
    try:
        session.ensure_started()
    finally:
        session.close()
    runs = {cell.number: session.run_of(cell) for cell in cells}
    failed = {number for number, run in runs.items() if run is not None and run.status not in ("ok", "skipped")}

    messy_numbers = [text for text in MESSY if text.strip()]
    expected = {number for number, text in enumerate(messy_numbers, start=1) if MESSY[text] == "failed"}
    assert failed == failed_at_home == {*expected, len(messy_numbers) + 4}  # which is the check of the wrong answer
