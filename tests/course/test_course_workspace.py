"""A student's way through a module: start, test, complete, status, reset, submit."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.courses.tiny import edit, solve
from tinytorch.course import standing, workspace
from tinytorch.course.build import source_path
from tinytorch.course.names import Lesson, Module, lessons
from tinytorch.course.project import Project
from tinytorch.course.standing import State
from tinytorch.errors import WorkspaceError

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def one(kit: Project, module: Module) -> Lesson:
    return lessons(kit, module)[0]


@pytest.fixture
def notebook(kit: Project, one: Lesson) -> Path:
    return kit.notebooks_dir(one.module) / one.notebook


def states(kit: Project, module: Module) -> list[str]:
    return [str(status.state) for status in standing.status(kit, module)]


def test_start_puts_missing_notebooks_in_place(kit: Project, module: Module, notebook: Path) -> None:
    before = notebook.read_bytes()
    notebook.unlink()
    started = workspace.start(kit, module)
    assert (started.placed, notebook.read_bytes()) == ((notebook,), before)


def test_start_never_overwrites(kit: Project, module: Module, notebook: Path) -> None:
    notebook.write_text("mine")
    assert notebook in workspace.start(kit, module).kept
    assert notebook.read_text() == "mine"


def test_test_runs_every_lesson_and_writes_nothing(kit: Project, module: Module) -> None:
    assert [ran.lesson for ran in workspace.test(kit, module)] == ["01_first", "02_second"]
    assert not kit.progress_file.exists()


def test_complete_exports_and_records_what_passes(kit: Project, module: Module, one: Lesson, notebook: Path) -> None:
    solve(notebook, "total", "return a + b")
    (done,) = workspace.complete(kit, one, now=NOW)
    assert (done.run.passed, done.at) == (True, "2026-03-04T05:06:07+00:00")
    assert [path.name for path in done.exported] == ["first.py"]
    assert "return a + b" in (kit.exported_dir(module) / "first.py").read_text(encoding="utf-8")
    assert states(kit, module) == ["complete", "not started"]


def test_complete_exports_nothing_that_fails(kit: Project, module: Module, one: Lesson, notebook: Path) -> None:
    solve(notebook, "total", "return a - b")
    (done,) = workspace.complete(kit, one)
    assert (done.run.passed, done.exported, done.at) == (False, (), None)
    assert "not written yet" in (kit.exported_dir(module) / "first.py").read_text(encoding="utf-8")
    assert states(kit, module) == ["in progress", "not started"]


def test_a_module_is_completed_lesson_by_lesson_each_using_the_last(kit: Project, module: Module) -> None:
    folder = kit.notebooks_dir(module)
    solve(folder / "01_first.ipynb", "total", "return a + b")
    solve(folder / "02_second.ipynb", "double", "return total(a, a)")
    assert [done.run.passed for done in workspace.complete(kit, module)] == [True, True]
    command = [sys.executable, "-c", "from tinytorch.core.kernels.second import double; print(double(21))"]
    assert subprocess.run(command, cwd=kit.root, capture_output=True, text=True, timeout=60).stdout == "42\n"


def test_status_tells_an_edit_after_completion(kit: Project, module: Module, one: Lesson, notebook: Path) -> None:
    solve(notebook, "total", "return a + b")
    list(workspace.complete(kit, one, now=NOW))
    edit(notebook, "return a + b", "return b + a")
    (status, _) = standing.status(kit, module)
    assert (status.state, status.completed_at) == (State.CHANGED, "2026-03-04T05:06:07+00:00")


def test_status_tells_a_missing_notebook(kit: Project, module: Module, notebook: Path) -> None:
    notebook.unlink()
    assert states(kit, module) == ["missing", "not started"]


def test_reset_keeps_a_backup_and_forgets_the_completion(
    kit: Project, module: Module, one: Lesson, notebook: Path
) -> None:
    untouched = notebook.read_bytes()
    solve(notebook, "total", "return a + b")
    list(workspace.complete(kit, one))
    mine = notebook.read_bytes()
    done = workspace.reset(kit, one, now=NOW)
    assert [path.name for path in done.backups] == ["01_first-2026-03-04-050607.ipynb"]
    assert (notebook.read_bytes(), done.backups[0].read_bytes()) == (untouched, mine)
    assert states(kit, module) == ["not started", "not started"]


def test_two_resets_in_one_second_keep_two_backups(kit: Project, one: Lesson, notebook: Path) -> None:
    for text in ("first try", "second try"):
        notebook.write_text(text)
        workspace.reset(kit, one, now=NOW)
    kept = {path.name: path.read_text() for path in (kit.root / "backups" / "13_kernels").iterdir()}
    assert kept == {"01_first-2026-03-04-050607.ipynb": "first try", "01_first-2026-03-04-050607-2.ipynb": "second try"}


def test_reset_of_an_untouched_notebook_needs_no_backup(kit: Project, module: Module) -> None:
    assert workspace.reset(kit, module).backups == ()


def test_submit_packs_the_notebooks_as_they_are(kit: Project, module: Module, notebook: Path) -> None:
    solve(notebook, "total", "return a + b")
    handed_in = workspace.submit(kit, module, now=NOW)
    assert handed_in.archive == kit.root / "13_kernels-2026-03-04-050607.zip"
    with zipfile.ZipFile(handed_in.archive) as archive:
        assert archive.namelist() == ["01_first.ipynb", "02_second.ipynb"]
        assert archive.read("01_first.ipynb") == notebook.read_bytes()


def test_submit_never_overwrites(kit: Project, module: Module, tmp_path: Path) -> None:
    archives = [workspace.submit(kit, module, to=tmp_path, now=NOW).archive.name for _ in range(2)]
    assert archives == ["13_kernels-2026-03-04-050607.zip", "13_kernels-2026-03-04-050607-2.zip"]


def test_submit_says_what_is_missing_or_cannot_be_read(kit: Project, module: Module, notebook: Path) -> None:
    notebook.write_text("oops")
    (kit.notebooks_dir(module) / "02_second.ipynb").unlink()
    handed_in = workspace.submit(kit, module, now=NOW)
    assert (handed_in.notebooks, handed_in.missing) == (("01_first.ipynb",), ("02_second.ipynb",))
    assert "is not a notebook" in handed_in.unreadable[0]


def test_submit_with_no_notebook_at_all_is_refused(kit: Project, module: Module) -> None:
    for path in kit.notebooks_dir(module).iterdir():
        path.unlink()
    with pytest.raises(WorkspaceError, match="no notebook to hand in"):
        workspace.submit(kit, module)


@pytest.mark.parametrize("verb", ["start", "reset", "submit"])
def test_in_a_checkout_the_kits_verbs_explain_themselves(project: Project, module: Module, verb: str) -> None:
    with pytest.raises(WorkspaceError, match=f"`tito module {verb}` is for a student's kit, and this is a checkout"):
        getattr(workspace, verb)(project, module)


def test_in_a_checkout_test_runs_on_the_sources(released: Project, module: Module) -> None:
    assert [ran.passed for ran in workspace.test(released, module)] == [True, True]


def test_in_a_checkout_complete_exports_the_reference(project: Project, module: Module, first: Lesson) -> None:
    (done,) = workspace.complete(project, first)
    assert done.run.passed
    assert "accumulated_sum" in (project.exported_dir(module) / "first.py").read_text(encoding="utf-8")
    (status, other) = standing.status(project, module)
    assert (status.notebook, status.state, other.state) == (source_path(project, first), "complete", "in progress")


def test_a_progress_file_that_cannot_be_read_is_a_sentence_and_is_kept(kit: Project, module: Module) -> None:
    kit.progress_file.write_text("[]")
    with pytest.raises(WorkspaceError, match=r"progress\.json cannot be read.*move it away"):
        standing.status(kit, module)
    assert kit.progress_file.read_text() == "[]"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_a_sentence(kit: Project, module: Module, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WorkspaceError, match="may not be written"):
        workspace.submit(kit, module, to=tmp_path)
