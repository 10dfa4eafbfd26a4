"""Is it found whose notebook it is, and of which lesson?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.courses.toy import answered, as_json, make_checkout, module_of, released
from tinytorch.course.names import lessons
from tinytorch.grading.collect.owners import Contents, Names, safe_id


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("identify")
    make_checkout(root)
    return root


@pytest.fixture
def names(root: Path) -> Names:
    from tinytorch.course.project import find_project

    project = find_project(root)
    return Names(module_of(project), lessons(project, module_of(project)))


@pytest.mark.parametrize(
    ("stem", "student", "rest"),
    [
        ("Ada Lovelace_12345_assignsubmission_file_01_first", "Ada Lovelace_12345", "01_first"),
        ("Ada_B_7_assignsubmission_file_13_kernels", "Ada_B_7", "13_kernels"),
        ("lovelaceada_123_456_02_second-1", "lovelaceada_123", "02_second-1"),
        ("lovelaceada_LATE_123_456_02_second", "lovelaceada_123", "02_second"),
        ("ada_02_second", "ada", "02_second"),
        ("ada.lovelace-second", "ada.lovelace", "second"),
        ("ada_13_kernels", "ada", "13_kernels"),
        ("ada_13_kernels (2)", "ada", "13_kernels"),
        ("ada_13_kernels-2026-11-22-190000", "ada", "13_kernels"),
        ("lovelaceada_123_456_13_kernels-2026-11-22-190000-1", "lovelaceada_123", "13_kernels-2026-11-22-190000-1"),
        ("13_kernels-2026-11-22-190000", None, "13_kernels-2026-11-22-190000"),
        ("02_second", None, "02_second"),
        ("02_second (1)", None, "02_second (1)"),
        ("13_kernels", None, "13_kernels"),
        ("Untitled", None, "Untitled"),
    ],
)
def test_the_owner_of_a_loose_file(names: Names, stem: str, student: str | None, rest: str) -> None:
    owner = names.owner_of_file(stem)
    assert (owner.student, owner.rest) == (student, rest)


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ada", "ada"),
        ("ada_13_kernels", "ada"),
        ("Ada L_12_assignsubmission_file_", "Ada L_12"),
        ("Ada L_12_assignsubmission_file", "Ada L_12"),
        ("adal_123_456_13_kernels-2", "adal_123"),
        ("13_kernels", None),
        ("13_kernels-2026-11-22-190000 (1)", None),
        ("notebooks", None),
    ],
)
def test_the_owner_of_a_folder(names: Names, name: str, student: str | None) -> None:
    assert names.owner_of_folder(name).student == student


@pytest.mark.parametrize(
    ("stem", "lesson"),
    [
        *((stem, "02_second") for stem in ("02_second", "02_second (1)", "02_second-Copy1", "second", "second_final")),
        *((stem, "02_second") for stem in ("my_02_second_solution", "homework second part", "02", "2 homework")),
        ("Untitled", None),
        ("first and second", None),
    ],
)
def test_the_lesson_a_name_means(names: Names, stem: str, lesson: str | None) -> None:
    found = names.lesson(stem)
    assert (found.name if found else None) == lesson


@pytest.mark.parametrize(
    "stripped", [(), ("nbgrader",), ("nbgrader", "default_exp")], ids=["all", "no-ids", "code-only"]
)
def test_the_lesson_a_notebook_holds(root: Path, stripped: tuple[str, ...]) -> None:
    from tinytorch.course.project import find_project

    project = find_project(root)
    notebooks = released(project)
    contents = Contents([(lesson, notebooks[lesson.name]) for lesson in lessons(project, module_of(project))])
    raw = as_json(answered(notebooks["02_second"], "    return a + b"))
    if "nbgrader" in stripped:
        raw["cells"] = [{**cell, "metadata": {}} for cell in raw["cells"]]
    if "default_exp" in stripped:
        raw["cells"] = [cell for cell in raw["cells"] if "default_exp" not in "".join(cell["source"])]
    found = contents.lesson(json.dumps(raw).encode())
    assert found is not None
    assert found.name == "02_second"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Ada Lovelace_12345", "Ada_Lovelace_12345"),
        ("../../etc", "etc"),
        ("..", ""),
        ("a/b\\c", "a_b_c"),
        (".hidden", "hidden"),
        ("Zoë, 李", "Zoë_李"),
        ("x" * 200, "x" * 80),
        ("-rf *", "rf"),
        ("a\0b", "a_b"),
    ],
)
def test_student_names_become_safe_folder_names(text: str, safe: str) -> None:
    assert safe_id(text) == safe
