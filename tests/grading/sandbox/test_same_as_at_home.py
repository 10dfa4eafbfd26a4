"""What `tito module test` says of a cell is what grading says of it, for cells of every odd kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import tinytorch
from tests.courses.samples import plain_notebook
from tinytorch.course.cells import run_cells
from tinytorch.grading.sandbox.session import Session
from tinytorch.notebooks.code import code_cells

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


def test_they_have_the_same_numbers() -> None:
    sources = ["x = 1", "", "  ", "1 / 0", "", "y = 2"]
    cells = code_cells("01_first", plain_notebook(*sources), None)
    assert [(cell.number, cell.source) for cell in cells] == [(1, "x = 1"), (2, "1 / 0"), (3, "y = 2")]
