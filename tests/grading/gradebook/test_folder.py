"""Has the class folder one owner, and do its paths agree with nbgrader's?"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory

from tests.courses.toy import MODULE, REPOSITORY, Toy, class_folder_of
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.setup import load_config

GRADING = REPOSITORY / "tinytorch" / "grading"
OWNED = {
    *("source", "release", "submitted", "autograded", "feedback", "results", "logs", "backups", "assignments"),
    *("gradebook.db", "kits.json", "timestamp.txt", "receipt.json", ".collect-", ".release-before-"),
}


def joined_names(tree: ast.AST) -> set[str]:
    """Every owned name that stands where a path is built: after `/`, or as an argument of a function of paths."""
    places: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            places += [node.left, node.right]
        elif isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in {"Path", "PurePath", "joinpath", "join", "glob", "rglob", "mkdtemp", "with_name"}:
                places += [*node.args, *(keyword.value for keyword in node.keywords)]
    texts = {part.value for place in places for part in ast.walk(place) if isinstance(part, ast.Constant)}
    pieces = {piece for text in texts if isinstance(text, str) for piece in text.split("/")}
    return {name for name in OWNED for piece in pieces if piece == name or (name[-1] == "-" and piece.startswith(name))}


@pytest.mark.parametrize(
    "line",
    [
        'root / "submitted" / student',
        'Path(course.root, "results")',
        'root / f"logs/{name}.log"',
        'folder / f".release-before-{module}"',
        'tempfile.mkdtemp(prefix=".collect-", dir=root)',
        'root.glob("autograded/*/*.ipynb")',
    ],
)
def test_a_path_built_by_hand_is_seen(line: str) -> None:
    assert joined_names(ast.parse(line))


def test_only_the_class_folder_builds_its_paths() -> None:
    built = {
        path.relative_to(REPOSITORY).as_posix(): sorted(names)
        for path in GRADING.rglob("*.py")
        if (names := joined_names(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert built.keys() == {"tinytorch/grading/gradebook/folder.py"}, built


def test_no_function_of_grading_takes_project_and_module_apart() -> None:
    """Whoever needs both needs the class folder."""
    apart = {
        f"{path.relative_to(REPOSITORY)}: {node.name}"
        for path in GRADING.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and {"project", "module"} <= {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    }
    assert apart == set()


@pytest.fixture
def nbgraders(toy: Toy) -> CourseDirectory:
    """The class folder as nbgrader finds it, by the project's own settings."""
    return CourseDirectory(config=load_config(toy.class_folder))


@pytest.mark.parametrize("step", ["submitted", "autograded", "feedback"])
def test_a_students_folders_are_where_nbgrader_looks(toy: Toy, nbgraders: CourseDirectory, step: str) -> None:
    expected = nbgraders.format_path(getattr(nbgraders, f"{step}_directory"), "ada", MODULE)
    assert getattr(toy.class_folder, step)("ada") == Path(expected)


@pytest.mark.parametrize("step", ["source", "release"])
def test_the_instructors_folders_are_where_nbgrader_looks(toy: Toy, nbgraders: CourseDirectory, step: str) -> None:
    expected = nbgraders.format_path(getattr(nbgraders, f"{step}_directory"), ".", MODULE)
    assert getattr(toy.class_folder, step) == Path(os.path.normpath(expected))


def test_the_gradebook_is_nbgraders(toy: Toy, nbgraders: CourseDirectory) -> None:
    assert nbgraders.db_url == f"sqlite:///{toy.class_folder.gradebook}"


def test_who_handed_in_is_known_by_folder_and_time(toy: Toy) -> None:
    toy.hand_in("bob", stamp="2026-11-21 08:00:00 UTC")
    folder = toy.hand_in("ada")
    (folder / "timestamp.txt").unlink()
    assert list(toy.class_folder.handed_in()) == ["ada", "bob"]
    assert toy.class_folder.handed_in()["ada"] == folder
    assert [toy.class_folder.handed_in_at(name) for name in ("ada", "bob")] == ["", "2026-11-21 08:00:00 UTC"]


def test_what_is_named_as_no_lesson_is_a_stray(toy: Toy) -> None:
    folder = toy.hand_in("ada", lessons=("01_first",))
    (folder / "extra.ipynb").write_text("{}")
    assert toy.class_folder.strays("ada") == ("extra.ipynb",)


def test_nobody_by_that_name_is_a_sentence(checkout: Project) -> None:
    class_folder = class_folder_of(checkout)
    with pytest.raises(GradingError, match=r"submitted: no submission of 13_kernels; run `tito grade collect"):
        class_folder.submissions()
    with pytest.raises(GradingError, match=r"submitted: no submission of 13_kernels from zoe; collect it first"):
        class_folder.submissions(("zoe",))


def test_a_stage_is_empty_and_lies_in_the_class_folder(checkout: Project) -> None:
    """On the same disk, so that what fits there fits."""
    class_folder: ClassFolder = class_folder_of(checkout)
    first, second = class_folder.make_stage(), class_folder.make_stage()
    assert first != second
    assert first.parent == class_folder.assignments
    assert list(first.iterdir()) == []
