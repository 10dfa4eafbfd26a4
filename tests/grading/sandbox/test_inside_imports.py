"""What is copied into the sandbox imports the standard library, NumPy, IPython and itself, and nothing else of ours."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tinytorch.grading.sandbox import inside

FILES = sorted(Path(inside.__file__).parent.glob("**/*.py"))
ALLOWED = sys.stdlib_module_names | {"numpy", "IPython"}


def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_inside_imports_only_what_is_there(path: Path) -> None:
    plain = [node for node in imports(path) if isinstance(node, ast.Import)]
    absolute = [node for node in imports(path) if isinstance(node, ast.ImportFrom) and node.level == 0]
    names = [alias.name for node in plain for alias in node.names] + [node.module or "" for node in absolute]
    assert {name.partition(".")[0] for name in names} <= ALLOWED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_inside_reaches_no_higher_than_its_own_folder(path: Path) -> None:
    relative = [node for node in imports(path) if isinstance(node, ast.ImportFrom) and node.level]
    assert {node.level for node in relative} <= {1}
    siblings = {other.stem for other in FILES}
    assert {(node.module or "").partition(".")[0] for node in relative} <= siblings
