"""Does a notebook survive how people save, rename, cut up and break it?"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from nbformat import NotebookNode, validate

from tests.courses.toy import answered, as_json, make_checkout, released
from tinytorch.grading.handed_in.frame import Intake, take_in
from tinytorch.notebooks.cells import grade_id

ANSWER = "    return a + b  # mine"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    return released(make_checkout(tmp_path_factory.mktemp("intake")))["02_second"]


@pytest.fixture
def raw(release: NotebookNode) -> dict:
    """A submission as JSON, the exercise answered."""
    return as_json(answered(release, ANSWER))


def taken(tmp_path: Path, content: dict | bytes | str, release: NotebookNode) -> Intake:
    path = tmp_path / "02_second.ipynb"
    data = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    intake = take_in(path, release)
    validate(intake.notebook)
    return intake


def at(raw: dict, name: str) -> int:
    """Where the cell called `name` stands."""
    return next(i for i, c in enumerate(raw["cells"]) if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def source(intake: Intake, name: str) -> str:
    return next(cell.source for cell in intake.notebook.cells if grade_id(cell) == name)


def names(intake: Intake) -> list[str]:
    return [name for cell in intake.notebook.cells if (name := grade_id(cell))]


def test_an_untouched_release_needs_no_repair(tmp_path: Path, release: NotebookNode) -> None:
    intake = taken(tmp_path, as_json(release), release)
    assert intake.repairs == ()
    assert [cell.source for cell in intake.notebook.cells] == [cell.source for cell in release.cells]


def test_the_answer_is_kept(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    intake = taken(tmp_path, raw, release)
    assert ANSWER in source(intake, "add_second")
    assert intake.repairs == ()


def test_a_byte_order_mark_is_removed(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    intake = taken(tmp_path, b"\xef\xbb\xbf" + json.dumps(raw).encode(), release)
    assert ANSWER in source(intake, "add_second")
    assert intake.repairs == ("02_second: a byte order mark at the start of the file was removed",)


def test_utf16_is_read(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    assert ANSWER in source(taken(tmp_path, json.dumps(raw).encode("utf-16"), release), "add_second")


def test_windows_line_endings_become_plain(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    for cell in raw["cells"]:
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]
    intake = taken(tmp_path, json.dumps(raw, indent=1).replace("\n", "\r\n"), release)
    assert "\r" not in source(intake, "add_second")
    assert len(intake.repairs) == 1  # the check cell's text counts as unchanged


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        ("# not a notebook", "no valid JSON at line 1"),
        (b'{"cells": ["\xff"]}', "not UTF-8"),
        ("[1, 2]", "no list of cells"),
        ('{"cells": 3}', "no list of cells"),
        ("[" * 100_000, "nested too deeply"),
        ('{"nbformat": 5, "cells": []}', "format 5"),
        ('{"nbformat": "x", "cells": []}', "format x"),
        (json.dumps({"nbformat": 4, "cells": [{}] * 5001}), "5001 cells"),
    ],
    ids=["empty", "blank", "python", "latin1", "list", "cells-number", "deep", "future", "odd-version", "many-cells"],
)
def test_an_unreadable_file_yields_the_release_with_the_reason(
    tmp_path: Path, release: NotebookNode, content: str | bytes, words: str
) -> None:
    intake = taken(tmp_path, content, release)
    assert intake.unreadable is not None
    assert words in intake.unreadable
    assert words in intake.notebook.cells[0].source
    assert intake.notebook.cells[1:] == release.cells


def test_a_missing_file_is_unreadable(tmp_path: Path, release: NotebookNode) -> None:
    intake = take_in(tmp_path / "02_second.ipynb", release)
    assert "could not be opened" in (intake.unreadable or "")


def test_format_3_is_read_and_cells_are_found_by_name(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    intake = taken(tmp_path, as_format_3(raw), release)
    assert ANSWER in source(intake, "add_second")
    assert "old format 3" in intake.repairs[0]
    assert names(intake) == ["add_second", "check_add_second", "question_why"]


def test_format_3_without_names_is_matched_by_content(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    for cell in raw["cells"]:
        cell["metadata"] = {}
    intake = taken(tmp_path, as_format_3(raw), release)
    assert ANSWER in source(intake, "add_second")
    assert "02_second: cell add_second had lost its name and was found by its content" in intake.repairs


def as_format_3(raw: dict) -> dict:
    cells = []
    for cell in raw["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        cells.append({**old, "input" if cell["cell_type"] == "code" else "source": cell["source"]})
    cells.append({"cell_type": "heading", "level": 2, "source": "Mine", "metadata": {}})
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def test_a_newer_minor_version_is_read(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    raw["nbformat_minor"] = 9
    raw["cells"][0]["novelty"] = {"a": 1}
    intake = taken(tmp_path, raw, release)
    assert ANSWER in source(intake, "add_second")
    assert intake.repairs == ()


def test_an_edited_check_gets_the_released_text(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    raw["cells"][at(raw, "check_add_second")]["source"] = "print('all passed')"
    intake = taken(tmp_path, raw, release)
    assert "test_unit_add_second" in source(intake, "check_add_second")
    words = "cell check_add_second was edited; it is graded with the text that was released"
    assert intake.repairs == (f"02_second: {words}",)


def test_a_deleted_check_comes_back_after_its_exercise(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    del raw["cells"][at(raw, "check_add_second")]
    intake = taken(tmp_path, raw, release)
    assert names(intake) == ["add_second", "check_add_second", "question_why"]
    assert intake.repairs == ("02_second: cell check_add_second was missing and was put back as released",)


def test_everything_deleted_gives_the_release_without_prose(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    raw["cells"] = []
    intake = taken(tmp_path, raw, release)
    assert names(intake) == ["add_second", "check_add_second", "question_why"]
    assert "measured" not in "".join(cell.source for cell in intake.notebook.cells)


def test_the_last_of_two_copies_is_graded_and_both_run(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    where = at(raw, "add_second")
    second = copy.deepcopy(raw["cells"][where])
    second["source"] = ["#| export\n", "def add_second(a, b):\n", "    return b + a\n"]
    raw["cells"].insert(where + 1, second)
    intake = taken(tmp_path, raw, release)
    assert "return b + a" in source(intake, "add_second")
    assert any(ANSWER in cell.source for cell in intake.notebook.cells)
    assert "there 2 times" in intake.repairs[0]


def test_a_copy_without_the_function_is_not_the_answer(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    where = at(raw, "add_second")
    second = copy.deepcopy(raw["cells"][where])
    second["source"] = ["add_second(1, 2)"]
    raw["cells"].insert(where + 1, second)
    assert ANSWER in source(taken(tmp_path, raw, release), "add_second")


def test_further_cells_stay_in_their_places(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    where = at(raw, "add_second")
    raw["cells"].insert(where, {"cell_type": "code", "metadata": {}, "source": "helper = 1", "outputs": []})
    raw["cells"].append({"cell_type": "raw", "metadata": {}, "source": "end"})
    sources = [cell.source for cell in taken(tmp_path, raw, release).notebook.cells]
    assert sources.index("helper = 1") == where
    assert sources[-1] == "end"


def test_claims_in_metadata_are_not_believed(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    raw["metadata"]["kernelspec"] = {"name": "evil", "display_name": "x", "language": "sh"}
    marks = raw["cells"][at(raw, "check_add_second")]["metadata"]
    marks["nbgrader"].update(points=1000, solution=True, locked=False)
    raw["cells"].append(
        {
            "cell_type": "code",
            "source": "1",
            "metadata": {
                "tags": ["measure"],
                "nbgrader": {"grade": True, "grade_id": "bonus", "points": 50, "solution": False},
            },
        }
    )
    notebook = taken(tmp_path, raw, release).notebook
    assert notebook.metadata == release.metadata
    assert next(c for c in notebook.cells if grade_id(c) == "check_add_second").metadata.nbgrader.points == 4
    assert notebook.cells[-1].metadata == {}


def test_ids_are_unique_and_the_same_on_every_reading(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    taken_id = raw["cells"][0]["id"]
    for bad in (taken_id, "no good!", 7, "x" * 70):
        raw["cells"].append({"cell_type": "code", "id": bad, "metadata": {}, "source": "same"})
    ids = [[cell.id for cell in taken(tmp_path, raw, release).notebook.cells] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


def test_an_answer_turned_into_markdown_is_taken_as_code(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    raw["cells"][at(raw, "add_second")]["cell_type"] = "markdown"
    intake = taken(tmp_path, raw, release)
    assert ANSWER in source(intake, "add_second")
    assert "turned into a markdown cell" in intake.repairs[0]


def test_pasted_pictures_stay_and_active_content_goes(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    question = raw["cells"][at(raw, "question_why")]
    question["source"] = "Because ![a](attachment:a.png)"
    question["attachments"] = {"a.png": {"image/png": "aGk=", "text/html": "<script>"}, "b": {"text/html": "<b>"}}
    cells = taken(tmp_path, raw, release).notebook.cells
    assert next(c for c in cells if grade_id(c) == "question_why").attachments == {"a.png": {"image/png": "aGk="}}


def test_half_of_a_surrogate_pair_becomes_a_question_mark(tmp_path: Path, raw: dict, release: NotebookNode) -> None:
    raw["cells"][at(raw, "question_why")]["source"] = "so \ud83d!"
    assert source(taken(tmp_path, raw, release), "question_why") == "so ?!"


@pytest.mark.parametrize(
    "entry",
    [None, 3, "text", {"cell_type": 4, "source": "x"}, {"cell_type": "code"}, {"cell_type": "code", "source": [1, 2]}],
    ids=repr,
)
def test_entries_that_are_no_cells_are_left_out(
    tmp_path: Path, raw: dict, release: NotebookNode, entry: object
) -> None:
    raw["cells"].append(entry)
    intake = taken(tmp_path, raw, release)
    assert "were not cells" in intake.repairs[0]
    assert ANSWER in source(intake, "add_second")
