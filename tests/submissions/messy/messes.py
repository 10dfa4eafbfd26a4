"""What happens to honest work on its way here: each mess takes a solved module's notebooks and gives what is handed in.

A mess gets the notebooks as JSON, by lesson, and returns the files of one student, by name. It works on any module: the
first exercise of the first lesson is the one that it is done to, unless its words say otherwise.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass

Notebook = dict  # one notebook's JSON
Files = dict[str, bytes]


@dataclass(frozen=True)
class Mess:
    """`points` are those of the first and the second lesson of the toy module; `repair` is what the feedback says."""

    name: str
    make: Callable[[dict[str, Notebook]], Files]
    points: tuple[float, float] = (10.0, 4.0)
    repair: str = ""


MESSES: list[Mess] = []


def mess(repair: str = "", points: tuple[float, float] = (10.0, 4.0)) -> Callable:
    """Registers a function that changes the first notebook in place, or returns the files itself."""

    def register(function: Callable) -> Callable:
        def make(notebooks: dict[str, Notebook]) -> Files:
            mine = copy.deepcopy(notebooks)
            made = function(mine, first(mine)) if function.__code__.co_argcount == 2 else function(first(mine))
            return made if isinstance(made, dict) else files(mine)

        MESSES.append(Mess(function.__name__, make, points, repair))
        return function

    return register


def first(notebooks: dict[str, Notebook]) -> Notebook:
    return notebooks[min(notebooks)]


def files(notebooks: dict[str, Notebook]) -> Files:
    return {f"{lesson}.ipynb": json.dumps(notebook).encode() for lesson, notebook in notebooks.items()}


def marks(cell: dict) -> dict:
    return cell["metadata"].get("nbgrader", {})


def exercise(notebook: Notebook) -> int:
    """Where the first exercise with code stands."""
    return next(
        at for at, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code" and marks(cell).get("solution")
    )


def check(notebook: Notebook) -> int:
    """Where its check stands."""
    return next(
        at for at, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code" and marks(cell).get("grade")
    )


def text(cell: dict) -> str:
    return "".join(cell["source"])


def code(source: str) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


@mess()
def prints_to_stderr(notebook):
    cell = notebook["cells"][exercise(notebook)]
    noise = 'import sys, warnings\nwarnings.warn("slow!")\nprint("working ...", file=sys.stderr)\n'
    cell["source"] = f"{text(cell)}\n{noise}"


@mess()
def has_a_platforms_names(notebooks, notebook):
    return {name.replace(".ipynb", "-2 (1).ipynb"): data for name, data in files(notebooks).items()}


@mess()
def is_renamed(notebooks, notebook):
    return {f"my homework {number}.ipynb": data for number, data in enumerate(files(notebooks).values())}


@mess("Windows line endings")
def has_windows_line_ends(notebooks, notebook):
    for cell in notebook["cells"]:
        cell["source"] = text(cell).replace("\n", "\r\n")
    return {name: data.replace(b"\n", b"\r\n") for name, data in files(notebooks).items()}


@mess("byte order mark")
def has_a_byte_order_mark(notebooks, notebook):
    return {name: b"\xef\xbb\xbf" + data for name, data in files(notebooks).items()}


@mess("UTF-16")
def is_saved_as_utf_16(notebooks, notebook):
    return {name: data.decode().encode("utf-16") for name, data in files(notebooks).items()}


@mess("old format 3")
def is_of_format_3(notebooks, notebook):
    cells = [
        {
            "cell_type": cell["cell_type"],
            "metadata": {},
            "input" if cell["cell_type"] == "code" else "source": cell["source"],
        }
        for cell in notebook["cells"]
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    return files({**notebooks, min(notebooks): old})


@mess("was there 2 times")
def has_a_check_twice(notebook):
    at = check(notebook)
    notebook["cells"].insert(at, copy.deepcopy(notebook["cells"][at]))


@mess("was there 2 times")
def has_an_exercise_twice_the_first_a_draft(notebook):
    at = exercise(notebook)
    draft = copy.deepcopy(notebook["cells"][at])
    draft["source"] = text(draft).replace("return", "return 1 +", 1)
    notebook["cells"].insert(at, draft)


@mess("was missing and was put back")
def has_no_check(notebook):
    del notebook["cells"][check(notebook)]


@mess("was edited")
def has_an_edited_check(notebook):
    notebook["cells"][check(notebook)]["source"] = "print('I commented this out, it was red')"


@mess()
def has_its_check_on_top(notebook):
    notebook["cells"].insert(0, notebook["cells"].pop(check(notebook)))


@mess("had lost its name")
def has_lost_all_metadata(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)


@mess()
def has_lost_the_metadata_of_ordinary_cells(notebook):
    for cell in notebook["cells"]:
        if not marks(cell):
            cell["metadata"] = {}
            cell.pop("id", None)


@mess()
def has_its_prose_at_the_end(notebook):
    notebook["cells"].sort(key=lambda cell: cell["cell_type"] != "code")


@mess("was missing and was put back")
def has_only_its_exercises(notebook):
    notebook["cells"] = [notebook["cells"][exercise(notebook)]]


@mess()
def has_cells_that_raise(notebook):
    for source in (
        "undefined_name",
        "1 / 0",
        "raise SystemExit(3)",
        "raise KeyboardInterrupt",
        "assert False",
        "def broken(:",
    ):
        notebook["cells"].insert(0, code(source))
        notebook["cells"].append(code(source))


@mess()
def asks_for_input(notebook):
    notebook["cells"].insert(0, code('name = input("Your name? ")'))
    notebook["cells"].append(code('import getpass\ngetpass.getpass("Password? ")'))


@mess()
def uses_magics_and_shell_lines_that_fail(notebook):
    for source in (
        "%matplotlib inline",
        "%no_such_magic",
        "%%timeit -n 1 -r 1\nsum(range(10))",
        "!false",
        "!no-such-command --at all",
        "%%bash\nexit 3",
        "%run missing.py",
        "!pip install something-from-the-network",
        "%load_ext nowhere",
        "listing = !ls /nowhere",
        "import os\nos.chdir('/tmp')",
        "exit()",
        "quit",
    ):
        notebook["cells"].insert(0, code(source))


@mess()
def kills_its_kernel_in_a_cell_of_its_own(notebook):
    notebook["cells"].insert(0, code("import os\nos._exit(1)"))
    notebook["cells"].append(code("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"))


@mess()
def prints_far_too_much(notebook):
    notebook["cells"].insert(0, code("for _ in range(60):\n    print('x' * 100_000)"))
    notebook["cells"].append(code("'y' * 8_000_000"))
    notebook["cells"][exercise(notebook)]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["z" * 2_000_000]}
    ]


@mess()
def has_a_helper_in_an_earlier_cell(notebook):
    at = exercise(notebook)
    cell = notebook["cells"][at]
    lines = text(cell).rstrip().split("\n")
    indent, value = lines[-1].split("return ")
    lines[-1] = f"{indent}return my_helper({value})"
    cell["source"] = "\n".join(lines)
    notebook["cells"].insert(at, code("def my_helper(value):\n    return value"))


@mess()
def imports_what_it_likes(notebook):
    notebook["cells"].insert(
        0, code("from os.path import *\nimport numpy as np, math, this\nimport not_installed_here")
    )


@mess("turned into a raw cell")
def has_an_exercise_turned_into_raw(notebook):
    notebook["cells"][exercise(notebook)]["cell_type"] = "raw"


@mess(points=(0.0, 4.0))
def has_a_syntax_error_in_the_first_lesson(notebook):
    cell = notebook["cells"][exercise(notebook)]
    cell["source"] = f"{text(cell)}\n    else:"


@mess(points=(0.0, 4.0))
def kills_its_kernel_in_the_first_lesson(notebook):
    cell = notebook["cells"][exercise(notebook)]
    cell["source"] = text(cell).replace("return ", "import os; os._exit(0); return ")


@mess(points=(0.0, 4.0))
def lacks_the_first_lesson(notebooks, notebook):
    made = files(notebooks)
    del made[min(made)]
    return made


@mess(points=(0.0, 4.0), repair="no valid JSON")
def has_an_unreadable_first_lesson(notebooks, notebook):
    made = files(notebooks)
    made[min(made)] = made[min(made)][:200]
    return made
