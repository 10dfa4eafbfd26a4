"""A student's commands in a kit: what they print, how they end, and that nothing of the student's is lost."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.courses.tiny import edit, solve
from tests.tito.running import Tito
from tinytorch.course import workspace
from tinytorch.course.project import Project

BOTH = ("13_kernels/01_first", "13_kernels/02_second")
NAMES = {
    "13_kernels": BOTH,
    "13": BOTH,
    "kernels": BOTH,
    "Kernels": BOTH,
    "13_kernels/": BOTH,
    "kernels/02": BOTH[1:],
    "13/2": BOTH[1:],
    "13_kernels/02_second": BOTH[1:],
    "13_kernels/02_second.ipynb": BOTH[1:],
    "kernels/second": BOTH[1:],
}
UNKNOWN = {
    "kernel": "there is no module called 'kernel'; did you mean 13_kernels?",
    "14": "there is no module called '14'; use one of: 13_kernels.",
    "": "there is no module called ''; use one of: 13_kernels.",
    "kernels/secnod": "there is no lesson of 13_kernels called 'secnod'; did you mean 02_second?",
    "kernels/07": "there is no lesson of 13_kernels called '07'; ",
    "[red]": "there is no module called '[red]'; ",
}


@pytest.fixture
def notebook(kit: Project) -> Path:
    return kit.root / "notebooks" / "13_kernels" / "01_first.ipynb"


@pytest.mark.parametrize("name", NAMES)
def test_a_module_or_lesson_goes_by_several_names(tito: Tito, kit: Project, name: str) -> None:
    done = tito("module", "status", name, "--json", at=kit.root)
    assert (done.code, done.err) == (0, "")
    assert tuple(item["lesson"] for item in done.json) == NAMES[name]


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("command", ["module test", "module reset --yes", "test --module"])
def test_an_unknown_name_is_answered_with_the_nearest(tito: Tito, kit: Project, command: str, name: str) -> None:
    done = tito(*command.split(), name, at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"tito: {UNKNOWN[name]}")


def test_commands_work_from_a_folder_inside_the_kit(tito: Tito, kit: Project, notebook: Path) -> None:
    done = tito("module", "list", at=notebook.parent)
    assert done.code == 0
    assert "notebooks/13_kernels/01_first.ipynb" in done.out


def test_list_and_status_show_where_each_lesson_stands(tito: Tito, kit: Project, notebook: Path) -> None:
    notebook.write_text("mine")
    done = tito("module", "list", at=kit.root)
    assert done.code == 0
    assert "in progress" in done.out
    assert "not started" in done.out
    assert tito("module", "status", "kernels", at=kit.root).out == done.out


def test_start_places_what_is_missing_and_touches_nothing_else(tito: Tito, kit: Project, notebook: Path) -> None:
    notebook.write_text("mine")
    second = notebook.with_name("02_second.ipynb")
    second.unlink()
    done = tito("module", "start", "kernels", at=kit.root)
    assert (done.code, done.err) == (0, "")
    assert "Ready: notebooks/13_kernels/02_second.ipynb" in done.out
    assert "left as it is: notebooks/13_kernels/01_first.ipynb" in done.out
    assert (notebook.read_text(), second.exists()) == ("mine", True)


def test_test_fails_on_the_stub_and_passes_when_solved(tito: Tito, kit: Project, notebook: Path) -> None:
    before = tito("module", "test", "kernels/01", at=kit.root)
    assert (before.code, before.err) == (1, "")
    assert "fail  test_unit_total: not written yet" in before.out
    solve(notebook, "total", "return a + b")
    after = tito("module", "test", "kernels/01", at=kit.root)
    assert (after.code, after.err) == (0, "")
    assert "pass  test_unit_total" in after.out


def test_tito_test_is_tito_module_test(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinytorch.course.visible.time.monotonic", lambda: 0.0)
    short = tito("test", "--module", "kernels", at=kit.root)
    assert short == tito("module", "test", "13_kernels", at=kit.root)
    assert short.code == 1
    assert "0 of 2 checks pass." in short.out


def test_json_of_a_test_is_json_and_nothing_else(tito: Tito, kit: Project) -> None:
    done = tito("test", "-m", "kernels", "--json", at=kit.root)
    assert (done.code, done.err) == (1, "")
    assert [run["lesson"] for run in done.json] == ["01_first", "02_second"]
    assert [run["passed"] for run in done.json] == [False, False]
    assert done.json[0]["checks"][0]["message"] == "not written yet"


@pytest.mark.parametrize("words", ["[red]wrong[/red]", "[/] [/nothing]", "[link=http://x]y", "\\[b]", "[bold"])
def test_markup_in_a_students_text_is_shown_as_it_is(tito: Tito, kit: Project, notebook: Path, words: str) -> None:
    solve(notebook, "total", f"raise ValueError({words!r})")
    done = tito("module", "test", "kernels/01", at=kit.root)
    assert done.code == 1
    assert f"ValueError: {words}" in done.out


def test_control_characters_in_a_students_text_do_not_reach_the_terminal(
    tito: Tito, kit: Project, notebook: Path
) -> None:
    solve(notebook, "total", "raise ValueError('\\x1b[2Jcleared\\x07\\x9b1m')")
    done = tito("module", "test", "kernels/01", at=kit.root)
    assert "cleared" in done.out
    assert not {"\x1b", "\x07", "\x9b"} & set(done.out)


def test_a_syntax_error_names_notebook_cell_and_line(tito: Tito, kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return (a +")
    done = tito("module", "complete", "kernels/01", at=kit.root)
    assert (done.code, done.err) == (1, "")
    assert "syntax error" in done.out
    assert "01_first.ipynb, cell [3] (total), line 4" in done.out


def test_complete_exports_and_records_what_passes(tito: Tito, kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return a + b")
    done = tito("module", "complete", "kernels", at=kit.root)
    assert (done.code, done.err) == (1, "")
    assert "complete: tinytorch/core/kernels/first.py" in done.out
    assert "not complete: fix the failed checks above" in done.out
    assert "return a + b" in (kit.root / "tinytorch/core/kernels/first.py").read_text()
    assert [item["state"] for item in tito("module", "status", "--json", at=kit.root).json] == [
        "complete",
        "not started",
    ]


def test_json_of_complete_is_json_and_nothing_else(tito: Tito, kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return a + b")
    done = tito("module", "complete", "kernels/01", "--json", at=kit.root)
    assert (done.code, done.err) == (0, "")
    assert done.json[0]["at"]


def test_reset_asks_and_takes_no_for_an_answer(tito: Tito, kit: Project, notebook: Path) -> None:
    notebook.write_text("mine")
    for answers in ("n\n", "\n", ""):
        done = tito("module", "reset", "kernels", at=kit.root, answers=answers)
        assert done.code == 1
        assert notebook.read_text() == "mine"
    assert not (kit.root / "backups").exists()


@pytest.mark.parametrize(("options", "answers"), [((), "y\n"), (("--yes",), ""), (("-y",), "")])
def test_reset_keeps_a_backup(tito: Tito, kit: Project, notebook: Path, options: tuple[str, ...], answers: str) -> None:
    notebook.write_text("mine")
    done = tito("module", "reset", "kernels/01", *options, at=kit.root, answers=answers)
    assert done.code == 0
    [backup] = (kit.root / "backups" / "13_kernels").iterdir()
    assert backup.read_text() == "mine"
    assert f"Kept yours as backups/13_kernels/{backup.name}" in done.out
    assert "As released: notebooks/13_kernels/01_first.ipynb" in done.out


def test_submit_packs_a_zip_and_says_what_is_wrong_with_it(tito: Tito, kit: Project, notebook: Path) -> None:
    notebook.write_text("mine")
    notebook.with_name("02_second.ipynb").unlink()
    done = tito("module", "submit", at=kit.root)
    [archive] = kit.root.glob("*.zip")
    assert done.code == 0
    assert f"Hand in {archive}" in done.out
    assert zipfile.ZipFile(archive).namelist() == ["01_first.ipynb"]
    assert "Fix this first: " in done.err
    assert "Missing, and so worth nothing: 02_second.ipynb" in done.err


def test_submit_into_a_folder_of_choice(tito: Tito, kit: Project, tmp_path: Path) -> None:
    done = tito("module", "submit", "kernels", "--to", tmp_path / "out", at=kit.root)
    assert (done.code, done.err) == (0, "")
    assert len(list((tmp_path / "out").glob("13_kernels-*.zip"))) == 1


@pytest.mark.parametrize("verb", ["start", "reset --yes", "submit"])
def test_in_a_checkout_the_kits_commands_explain_themselves(tito: Tito, project: Project, verb: str) -> None:
    command, *options = verb.split()
    done = tito("module", command, "kernels", *options, at=project.root)
    assert (done.code, done.out) == (1, "")
    assert f"`tito module {command}` is for a student's kit" in done.err


def test_in_a_checkout_the_checks_run_on_the_sources(tito: Tito, project: Project) -> None:
    done = tito("test", "--module", "kernels/01", at=project.root)
    assert (done.code, done.err) == (0, "")
    edit(project.root / "modules/13_kernels/01_first.py", "given(a) + given(b)", "given(a)")
    assert tito("test", "--module", "kernels/01", at=project.root).code == 1


def test_ctrl_c_between_lessons_keeps_what_was_completed(
    tito: Tito, kit: Project, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve(notebook, "total", "return a + b")
    run = workspace.run_checks

    def interrupted(path: Path, **options: object) -> object:
        if path.stem == "02_second":
            raise KeyboardInterrupt
        return run(path, **options)

    monkeypatch.setattr(workspace, "run_checks", interrupted)
    assert tito("module", "complete", "kernels", at=kit.root).code == 130
    states = [item["state"] for item in tito("module", "status", "--json", at=kit.root).json]
    assert states == ["complete", "not started"]
