"""Does the status say what is there, what is missing and what is out of date?"""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.courses.toy import MODULE, Toy, class_folder_of
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.feedback import make_feedback
from tinytorch.grading.gradebook.formgrader import formgrader
from tinytorch.grading.report.status import ModuleStatus, StudentStatus, module_status, record_kit


def status(toy: Toy) -> ModuleStatus:
    return module_status(toy.class_folder)


def only(toy: Toy) -> StudentStatus:
    [student] = status(toy).students
    return student


def test_before_anything_all_is_missing(checkout: Project) -> None:
    found = module_status(class_folder_of(checkout))
    assert [lesson.release for lesson in found.lessons] == ["missing", "missing"]
    assert (found.kits, found.students) == ((), ())


def test_after_generating_the_release_is_done(toy: Toy) -> None:
    assert [(lesson.lesson, lesson.release) for lesson in status(toy).lessons] == [
        ("01_first", "done"),
        ("02_second", "done"),
    ]


def test_a_changed_source_makes_the_release_stale(toy: Toy) -> None:
    path = toy.project.modules_dir / MODULE / "02_second.py"
    path.write_text(path.read_text().replace("A lesson", "One lesson"))
    assert [lesson.release for lesson in status(toy).lessons] == ["done", "stale"]


def test_a_submission_is_seen(toy: Toy) -> None:
    toy.hand_in("ada", lessons=("01_first",))
    found = only(toy)
    assert (found.student, found.notebooks, found.handed_in) == ("ada", 1, "2026-11-20 10:00:00 UTC")
    assert (found.graded, found.feedback) == ("missing", "missing")


def test_grading_and_feedback_are_seen(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.grade()
    list(make_feedback(toy.class_folder))
    assert (only(toy).graded, only(toy).feedback) == ("done", "done")


def test_a_new_submission_makes_the_grade_stale(toy: Toy) -> None:
    toy.hand_in("ada", "    return a + b  # half")
    toy.grade()
    toy.hand_in("ada")
    assert only(toy).graded == "stale"


def test_a_changed_check_makes_the_grade_stale(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.grade()
    (toy.project.hidden_dir(toy.module) / "test_02_second.py").write_text("# a new check\n")
    assert only(toy).graded == "stale"


def test_a_misnamed_notebook_is_seen(toy: Toy) -> None:
    (toy.hand_in("ada") / "extra.ipynb").write_text("{}")
    assert only(toy).strays == ("extra.ipynb",)


def test_a_kit_is_current_until_the_release_changes(toy: Toy, tmp_path: Path) -> None:
    record_kit(toy.class_folder, tmp_path / "kit.zip")
    assert [kit.is_current for kit in status(toy).kits] == [True]
    path = toy.project.release_dir(toy.module) / "01_first.ipynb"
    path.write_text(path.read_text().replace("A lesson", "Another"))
    assert [kit.is_current for kit in status(toy).kits] == [False]


def test_marking_needs_a_gradebook(checkout: Project) -> None:
    with pytest.raises(GradingError, match="nothing to mark yet"):
        formgrader(class_folder_of(checkout))


@pytest.mark.slow
def test_the_formgrader_comes_up(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.grade()
    launch = formgrader(toy.class_folder, port=18917, open_browser=False)
    command = [*launch.command, "--IdentityProvider.token=t", "--allow-root"]
    server = subprocess.Popen(command, cwd=launch.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        page = answer(f"{launch.url}?token=t")
    finally:
        server.terminate()
        server.wait(30)
    assert "Manage Assignments" in page


def answer(url: str, limit_s: float = 60.0) -> str:
    """The page, once the server is there; it remembers in a cookie who gave the token."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    end = time.monotonic() + limit_s
    while True:
        try:
            with opener.open(url, timeout=10) as reply:
                return reply.read().decode()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
