"""Do submissions end up where nbgrader looks, whatever form they come in, and is nothing lost?"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.courses.toy import MODULE, answered, class_folder_of, make_checkout, released
from tinytorch.course.project import Project, find_project
from tinytorch.errors import CollectError
from tinytorch.grading.collect.take_in import Collection, collect

WHEN = 1_763_632_800  # 2025-11-20 10:00:00 UTC


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The two lessons, answered, as files."""
    notebooks = released(make_checkout(tmp_path_factory.mktemp("texts")))
    return {name: nbformat.writes(answered(nb, "    return a + b")).encode() for name, nb in notebooks.items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_checkout(tmp_path / "checkout")
    return find_project(tmp_path / "checkout")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


def put(path: Path, data: bytes, when: int = WHEN) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (when, when))


def take(project: Project, source: Path) -> Collection:
    return collect(class_folder_of(project), source)


def placed(project: Project) -> set[str]:
    folder = project.assignments_dir / "submitted"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.ipynb")}


def both(student: str) -> set[str]:
    return {f"{student}/{MODULE}/01_first.ipynb", f"{student}/{MODULE}/02_second.ipynb"}


FORMS = {
    "folders": lambda name: f"ada/{name}.ipynb",
    "folders-with-module": lambda name: f"ada/13_kernels/{name}.ipynb",
    "wrapped-in-module": lambda name: f"13_kernels/ada/{name}.ipynb",
    "loose-plain": lambda name: f"ada_{name}.ipynb",
    "loose-short": lambda name: f"ada_{name[3:]}.ipynb",
    "browser-copy": lambda name: f"ada/{name} (1).ipynb",
    "own-name": lambda name: f"ada/{name[3:]}-final.ipynb",
    "no-name": lambda name: f"ada/homework{'A' if name.startswith('01') else 'B'}.ipynb",
    "deep": lambda name: f"ada/mine/notebooks/{name}.ipynb",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_placed(project: Project, source: Path, texts: dict[str, bytes], form: str) -> None:
    for name, data in texts.items():
        put(source / FORMS[form](name), data)
    collection = take(project, source)
    assert placed(project) == both("ada")
    assert collection.unplaced == ()


@pytest.mark.parametrize(
    ("pattern", "student"),
    [
        ("Ada Lovelace_12345_assignsubmission_file_{}", "Ada_Lovelace_12345"),
        ("lovelaceada_123_456_{}-1", "lovelaceada_123"),
    ],
    ids=["moodle", "canvas"],
)
def test_names_from_platforms(
    project: Project, source: Path, texts: dict[str, bytes], pattern: str, student: str
) -> None:
    for name, data in texts.items():
        put(source / f"{pattern.format(name)}.ipynb", data)
    take(project, source)
    assert placed(project) == both(student)


def test_moodles_folders(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    for name, data in texts.items():
        put(source / "Ada L_12_assignsubmission_file_" / f"{name}.ipynb", data)
    take(project, source)
    assert placed(project) == both("Ada_L_12")


@pytest.mark.parametrize("wrapper", ["", "class/"], ids=["plain", "wrapped"])
def test_a_class_zip_with_folders_and_zips(
    project: Project, tmp_path: Path, texts: dict[str, bytes], wrapper: str
) -> None:
    inner = tmp_path / "ada_13_kernels.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        for name, data in texts.items():
            archive.writestr(f"13_kernels/{name}.ipynb", data)
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.write(inner, f"{wrapper}{inner.name}")
        for name, data in texts.items():
            archive.writestr(f"{wrapper}bob/{name}.ipynb", data)
    take(project, tmp_path / "class.zip")
    assert placed(project) == both("ada") | both("bob")


@pytest.mark.parametrize("inside", ["", "13_kernels/"], ids=["bare", "in-module"])
def test_one_students_zip_is_placed_by_its_own_name(
    project: Project, tmp_path: Path, texts: dict[str, bytes], inside: str
) -> None:
    with zipfile.ZipFile(tmp_path / "ada_13_kernels.zip", "w") as archive:
        for name, data in texts.items():
            archive.writestr(f"{inside}{name}.ipynb", data)
    take(project, tmp_path / "ada_13_kernels.zip")
    assert placed(project) == both("ada")


def test_content_goes_before_the_name(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "ada" / "01_first.ipynb", texts["02_second"])
    collection = take(project, source)
    assert placed(project) == {f"ada/{MODULE}/02_second.ipynb"}
    assert collection.students[0].notes == ("named 01_first, but its cells are those of 02_second",)


def test_an_unreadable_notebook_is_placed_by_its_name(project: Project, source: Path) -> None:
    put(source / "ada" / "02_second.ipynb", b"\xff\xfe\x00 broken")
    take(project, source)
    assert placed(project) == {f"ada/{MODULE}/02_second.ipynb"}


def test_the_notebook_saved_last_is_taken(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "ada" / "02_second.ipynb", texts["02_second"] + b"\n\n", WHEN + 60)
    put(source / "ada" / "02_second (1).ipynb", texts["02_second"], WHEN)
    collection = take(project, source)
    path = project.assignments_dir / "submitted" / "ada" / MODULE / "02_second.ipynb"
    assert path.read_bytes().endswith(b"\n\n")
    assert [item.name for item in collection.unplaced] == ["ada/02_second (1).ipynb"]


def test_the_time_stamp_is_the_last_change_in_utc(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "ada" / "01_first.ipynb", texts["01_first"], WHEN)
    put(source / "ada" / "02_second.ipynb", texts["02_second"], WHEN - 500)
    [student] = take(project, source).students
    stamp = project.assignments_dir / "submitted" / "ada" / MODULE / "timestamp.txt"
    assert stamp.read_text().strip() == student.handed_in == "2025-11-20 10:00:00 UTC"


def test_a_students_own_time_stamp_is_not_believed(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "ada" / "01_first.ipynb", texts["01_first"])
    put(source / "ada" / "timestamp.txt", b"1999-01-01 00:00:00 UTC")
    collection = take(project, source)
    assert collection.students[0].handed_in.startswith("2025")
    assert [item.name for item in collection.unplaced] == ["ada/timestamp.txt"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("01_first.ipynb", "says no student"), ("ada/notes.pdf", "not a notebook"), ("ada/strange.ipynb", "which lesson")],
)
def test_what_cannot_be_placed_is_listed_with_the_reason(
    project: Project, source: Path, texts: dict[str, bytes], path: str, reason: str
) -> None:
    put(source / "bob" / "01_first.ipynb", texts["01_first"])
    put(source / path, texts["01_first"] if path.startswith("01") else b"{}")
    collection = take(project, source)
    assert [(item.name, reason in item.reason) for item in collection.unplaced] == [(path, True)]
    assert placed(project) == {f"bob/{MODULE}/01_first.ipynb"}


def test_two_students_never_share_a_folder(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "Ada L" / "01_first.ipynb", texts["01_first"])
    put(source / "Ada_L" / "01_first.ipynb", texts["01_first"])
    collection = take(project, source)
    assert "both be called Ada_L" in collection.unplaced[0].reason


def test_the_same_submission_again_is_untouched(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "ada" / "01_first.ipynb", texts["01_first"])
    take(project, source)
    stamp = project.assignments_dir / "submitted" / "ada" / MODULE / "timestamp.txt"
    before = stamp.stat().st_mtime_ns
    put(source / "ada" / "01_first.ipynb", texts["01_first"], WHEN + 999)
    [student] = take(project, source).students
    assert (student.state, student.backup) == ("unchanged", None)
    assert stamp.stat().st_mtime_ns == before


def test_what_is_replaced_is_kept_and_other_lessons_stay(
    project: Project, source: Path, texts: dict[str, bytes]
) -> None:
    for name, data in texts.items():
        put(source / "ada" / f"{name}.ipynb", data)
    take(project, source)
    (source / "ada" / "01_first.ipynb").unlink()
    put(source / "ada" / "02_second.ipynb", texts["02_second"] + b"\n")
    [student] = take(project, source).students
    assert student.state == "replaced"
    assert student.backup is not None
    assert (student.backup / "02_second.ipynb").read_bytes() == texts["02_second"]
    assert placed(project) == both("ada")


def test_nothing_of_the_staging_is_left(project: Project, source: Path, texts: dict[str, bytes]) -> None:
    put(source / "ada" / "01_first.ipynb", texts["01_first"])
    take(project, source)
    assert sorted(path.name for path in project.assignments_dir.iterdir()) == ["submitted"]


def test_folders_named_after_others_in_one_students_upload_are_their_own(
    project: Project, source: Path, texts: dict[str, bytes]
) -> None:
    """Once, when nobody else had handed in, their names were believed and their work replaced."""
    upload = source / "Ada Lovelace_12345_assignsubmission_file"
    put(upload / "bob" / "01_first.ipynb", texts["01_first"])
    put(upload / "eve" / "02_second.ipynb", texts["02_second"])
    assert [item.student for item in collect(class_folder_of(project), source).students] == ["Ada_Lovelace_12345"]


def test_an_empty_folder_is_an_error(project: Project, source: Path) -> None:
    with pytest.raises(CollectError, match="nothing in it"):
        take(project, source)
