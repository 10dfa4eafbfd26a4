"""Small files, short functions, lines that fit: what a reader must be able to hold in their head.

An allowance names what is still too large. It may become smaller and go; it never becomes larger, and none is added.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FILE_LINES = 300
FUNCTION_LINES = 40  # without the docstring
COMMAND_LINES = 120  # a command only parses, calls and prints
CODE_COLUMNS = 100  # of a lesson's code cell: what a notebook shows without a scroll bar
LESSON_LINES = 620  # of a lesson's source
GIVEN_LINES = 2  # of a lesson's exported code, for each line that the student writes

#: path: (lines, why it is that long)
LONG_FILES: dict[str, tuple[int, str]] = {}
#: path: (lines, why it is that long)
LONG_COMMANDS = {
    "tinytorch/tito/grade.py": (121, "one line over; goes with its next change"),
    "tinytorch/tito/show_grade.py": (198, "no command: the texts of all commands of `tito grade`"),
}
#: path and function: (lines, why it is that long)
LONG_FUNCTIONS: dict[str, tuple[int, str]] = {}
#: path: how many lines of its code cells are too wide
WIDE_LINES: dict[str, int] = {}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_exported(path: Path) -> bool:
    """True for what nbdev writes: its size is that of the lesson it comes from."""
    return name_of(path).startswith("tinytorch/core/") or path.name == "_modidx.py"


def python_files(*folders: str) -> list[Path]:
    """The files written by hand below these folders."""
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path for path in files if not is_exported(path)]


def line_counts(paths: list[Path]) -> dict[str, int]:
    return {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}


def docstring_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(function, clean=False) is None:
        return 0
    first = function.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """(path and function, lines from `def` on without the docstring) of every function in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            yield f"{name_of(path)} {node.name}", lines


def longest(lengths: Iterable[tuple[str, int]]) -> dict[str, int]:
    """By name; of several functions of one name in a file, the longest counts."""
    lines: dict[str, int] = {}
    for name, length in lengths:
        lines[name] = max(length, lines.get(name, 0))
    return lines


def code_lines(path: Path) -> Iterator[str]:
    """The lines of a lesson's code cells."""
    in_code = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# %%"):
            in_code = "[markdown]" not in line
        elif in_code:
            yield line


def wide_lines(path: Path) -> int:
    return sum(len(line) > CODE_COLUMNS for line in code_lines(path))


def exported_lines(path: Path) -> tuple[int, int]:
    """(given, student's) lines of a lesson's exported cells; blank lines and comments don't count, docstrings do."""
    given = students = 0
    for cell in path.read_text(encoding="utf-8").split("# %%"):
        is_students = False
        for line in cell.split("\n")[1:] if "#| export" in cell else []:
            if line.strip().startswith(("### BEGIN", "### END")):
                is_students = "BEGIN" in line
            elif line.strip() and not line.strip().startswith("#"):
                given, students = given + (not is_students), students + is_students
    return given, students


def given_beyond(path: Path) -> int:
    """How many given lines a lesson has beyond what its student's lines allow."""
    given, students = exported_lines(path)
    return given - GIVEN_LINES * students


def too_large(sizes: dict[str, int], limit: int, allowed: dict[str, int]) -> dict[str, int]:
    """What is above the limit, or above its own allowance."""
    return {name: size for name, size in sizes.items() if size > allowed.get(name, limit)}


def no_longer_needed(sizes: dict[str, int], limit: int, allowed: dict[str, int]) -> list[str]:
    """Allowances for what now fits or is gone."""
    return [name for name in allowed if sizes.get(name, 0) <= limit]


def allowances(table: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {name: lines for name, (lines, _) in table.items()}


FILES = line_counts(python_files("tinytorch", "tests"))
COMMANDS = line_counts(python_files("tinytorch/tito"))
FUNCTIONS = longest(pair for path in python_files("tinytorch", "tests", "modules") for pair in function_lengths(path))
LESSONS = sorted((ROOT / "modules" / "13_kernels").glob("0[2-6]_*.py"))
WIDE = {name_of(path): wide_lines(path) for path in python_files("modules")}

RULES = {
    "files": (FILES, FILE_LINES, allowances(LONG_FILES)),
    "commands": (COMMANDS, COMMAND_LINES, allowances(LONG_COMMANDS)),
    "functions": (FUNCTIONS, FUNCTION_LINES, allowances(LONG_FUNCTIONS)),
    "wide lines": (WIDE, 0, WIDE_LINES),
    "lines of a lesson": (line_counts(LESSONS), LESSON_LINES, {}),
    "given lines beyond two for each of the student's": (
        {name_of(path): given_beyond(path) for path in LESSONS},
        0,
        {},
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_larger_than_its_limit(rule: str) -> None:
    sizes, limit, allowed = RULES[rule]
    assert sizes, f"no {rule} were found to look at"
    assert too_large(sizes, limit, allowed) == {}, f"split it; the limit of {rule} is {limit}"


@pytest.mark.parametrize("rule", RULES)
def test_every_allowance_is_still_needed(rule: str) -> None:
    assert no_longer_needed(*RULES[rule]) == [], "it fits now: take its allowance out of tests/test_sizes.py"


def test_docstrings_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "short.py"
    path.write_text('def f():\n    """One.\n\n    Two.\n    """\n    x = 1\n    return x\n', encoding="utf-8")
    assert list(function_lengths(path)) == [("short.py f", 3)]


def test_of_two_functions_of_one_name_the_longer_counts() -> None:
    assert longest([("a.py emit", 50), ("a.py emit", 3)]) == {"a.py emit": 50}


def test_only_code_cells_have_columns(tmp_path: Path) -> None:
    path = tmp_path / "lesson.py"
    wide = "x" * (CODE_COLUMNS + 1)
    path.write_text(f"# %% [markdown]\n# {wide}\n\n# %%\n{wide}\ny = 1\n", encoding="utf-8")
    assert wide_lines(path) == 1


def test_given_lines_are_those_of_exported_cells_outside_a_solution(tmp_path: Path) -> None:
    path = tmp_path / "lesson.py"
    path.write_text(
        '# %%\n#| export\nimport math\n\n\ndef f():\n    # Why.\n    """Returns 1."""\n'
        "    ### BEGIN SOLUTION\n    # How.\n    x = 1\n\n    return x\n    ### END SOLUTION\n\n# %%\nprint(f())\n"
    )
    assert exported_lines(path) == (3, 2)
    assert given_beyond(path) == -1


def test_an_allowance_is_a_limit_too() -> None:
    sizes = {"grown": 5, "shrunk": 4, "fits": 3, "new": 4}
    allowed = {"grown": 4, "shrunk": 5, "fits": 5}
    assert too_large(sizes, 3, allowed) == {"grown": 5, "new": 4}
    assert no_longer_needed(sizes, 3, allowed) == ["fits"]
