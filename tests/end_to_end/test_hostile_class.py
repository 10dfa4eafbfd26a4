"""A class of attackers, graded through `tito grade autograde`: nobody earns more than the untouched release does.

And nobody reads what is not theirs, changes anything outside, leaves anything running, or keeps others from a grade.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import psutil
import pytest

from tests.courses.hostile import (
    BLANK,
    HONEST,
    POINTS,
    SECRETS,
    hand_in,
    hand_in_honest,
    make_course,
    names,
    what_it_tries,
)
from tests.courses.toy import Toy
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.base.limits import MIB, Limits
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.gradebook import autograde
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.report.class_report import Row, build_report
from tinytorch.grading.run.store import Store
from tinytorch.grading.sandbox.bubblewrap import check_available
from tinytorch.tito.app import main

pytestmark = pytest.mark.slow

LIMITS = Limits(
    cell_s=4, call_s=2, strikes=1, cpu_s=20, restarts=4, memory_bytes=2048 * MIB, all_memory_bytes=1024 * MIB,
    file_bytes=32 * MIB, tmp_bytes=48 * MIB, processes=48, message_bytes=16 * MIB, header_bytes=4 * MIB,
)  # fmt: skip
# Those that cannot print "tried" where it is looked for: their process ends first, or their cells are emptied.
UNSEEN = {
    "always_equal_objects", "ends_its_process", "fork_bomb", "ipython_hooks", "ipython_transformers", "memory_bomb",
    "notebook_metadata", "output_bomb", "patched_standard_library", "poses_as_check_cells", "signals",
}  # fmt: skip


@dataclass
class World:
    """The class after grading, and what is looked at before and after."""

    toy: Toy
    root: Path
    mark: str
    code: int
    before: dict[str, str]
    listener: socket.socket
    named: socket.socket

    def result(self, name: str) -> SubmissionResult:
        key = self.toy.class_folder.recorded_key(name)
        assert key, f"{name} is not in the gradebook"
        found = Store(self.toy.class_folder.results).get(key)
        assert found is not None
        return found

    def printed(self, name: str) -> str:
        return "\n".join(str(run.outputs) for run in self.result(name).cells)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    try:
        check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))
    root = tmp_path_factory.mktemp("hostile")
    toy = make_course(root / "checkout")
    mark = f"86399{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as named:
        named.bind(f"\0{mark}")
        named.listen()
        for each in (listener, named):
            each.setblocking(False)
        with pytest.MonkeyPatch.context() as patch:
            surround(patch, root)
            fill(toy, root, mark, listener.getsockname()[1])
            before = snapshot(root)
            code = run_tito(patch, toy, "grade", "autograde", "13")
            yield World(toy, root, mark, code, before, listener, named)


def surround(patch: pytest.MonkeyPatch, root: Path) -> None:
    """A home, a temporary folder and an environment with secrets, and limits that are soon reached."""
    for folder, name, text in (("home", ".secret", "canary-home"), ("tmp", "secret", "canary-tmp")):
        (root / folder).mkdir()
        (root / folder / name).write_text(text)
    patch.setenv("HOME", str(root / "home"))
    patch.setenv("TMPDIR", str(root / "tmp"))
    patch.setenv("COURSE_TOKEN", "canary-environment")
    patch.setattr(autograde, "setup_for", lambda *args: dataclasses.replace(setup_for(*args), limits=LIMITS))


def fill(toy: Toy, root: Path, mark: str, port: int) -> None:
    known = {"CHECKOUT": root / "checkout", "HOME": root / "home", "TMP": root / "tmp", "PID": os.getpid()}
    hand_in_honest(toy)
    for name in names():
        hand_in(toy, name, {key: str(value) for key, value in {**known, "MARK": mark, "PORT": port}.items()})


def run_tito(patch: pytest.MonkeyPatch, toy: Toy, *arguments: str) -> int:
    with patch.context() as here:
        here.chdir(toy.project.root)
        with pytest.raises(SystemExit) as stop:
            main([*arguments])
    return int(stop.value.code or 0)


def snapshot(root: Path) -> dict[str, str]:
    """Every file that grading has no business with, and a digest of what is in it."""
    own = ("autograded", "results", "logs", "feedback", "gradebook.db")
    found = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        is_graders = parts[:2] == ("checkout", "assignments") and len(parts) > 2 and parts[2].startswith(own)
        is_runtime = parts[0] == "tmp" and len(parts) > 1 and parts[1].startswith(("tinytorch-runtime-", "pymp-"))
        if not is_graders and not is_runtime and "__pycache__" not in parts:
            content = path.read_bytes() if path.is_file() else b"folder"
            found["/".join(parts)] = hashlib.sha256(content).hexdigest()
    return found


@pytest.fixture(scope="module")
def rows(world: World) -> dict[str, Row]:
    return {row.student: row for row in build_report(world.toy.class_folder).rows}


def test_everyone_is_graded(world: World, rows: dict[str, Row]) -> None:
    assert world.code == 0
    assert set(rows) == {*names(), HONEST, BLANK, "neighbour"}


def test_honest_work_beside_them_has_its_points(rows: dict[str, Row]) -> None:
    assert (rows[HONEST].total, rows["neighbour"].total, rows[BLANK].total) == (POINTS, POINTS, 0)


@pytest.mark.parametrize("name", names())
def test_an_attack_earns_what_the_untouched_release_earns(world: World, rows: dict[str, Row], name: str) -> None:
    assert what_it_tries(name).endswith(".")
    assert (rows[name].automatic, rows[name].total, rows[name].scores) == (0, 0, rows[BLANK].scores)
    result = world.result(name)
    assert (result.score, result.points) == (0, POINTS)


@pytest.mark.parametrize("name", names())
def test_an_attack_was_tried_and_nothing_got_through(world: World, name: str) -> None:
    printed = world.printed(name)
    assert "got through" not in printed
    assert "tried" in printed or name in UNSEEN


@pytest.mark.parametrize("name", names())
def test_no_secret_is_in_anything_that_a_student_sees(world: World, name: str) -> None:
    shown = [path for path in (world.toy.assignments / "autograded" / name).rglob("*") if path.is_file()]
    text = "".join([*(path.read_text() for path in shown), world.result(name).to_json()])
    assert text.count("Each element is multiplied.") >= 3
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("name", ["reads_the_course", "odd_exceptions", "surrogates_in_words"])
def test_their_pages_hold_words_and_no_secret(world: World, name: str) -> None:
    assert run_feedback(world, name) == 0
    [page] = (world.toy.assignments / "feedback" / name).rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "Each element is multiplied." in text
    assert not [secret for secret in SECRETS if secret in text]


def run_feedback(world: World, name: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        return run_tito(patch, world.toy, "grade", "feedback", "13", "--student", name)


class Active(HTMLParser):
    """Collects what would run or load in a browser; nbgrader's own scripts hold nothing of the student's."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        for name, value in attrs:
            is_link = name in ("href", "src", "action", "formaction", "data", "srcdoc")
            if (name.startswith("on") or "evil" in name or is_link) and "evil" in (value or ""):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("iframe", "object", "embed", "svg"):
            self.found.append(tag)

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style") and ("'evil'" in data or "body{display:none}" in data):
            self.found.append(f"{self._tag}: {data}")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""


def active(page: str) -> list[str]:
    parser = Active()
    parser.feed(page)
    return parser.found


def test_active_content_is_recognized() -> None:
    page = "<script>alert('evil')</script><img onerror=evil><iframe></iframe><a href='javascript:evil'>"
    assert len(active(page)) == 4
    assert active("&lt;script>alert('evil')<p class=x>alert('evil')") == []


@pytest.mark.parametrize("name", ["html_and_script", "patched_runner", "notebook_metadata"])
def test_what_they_wrote_does_not_run_in_a_browser(world: World, name: str) -> None:
    assert run_feedback(world, name) == 0
    [page] = (world.toy.assignments / "feedback" / name).rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "evil" in text or name != "html_and_script"
    assert active(text) == []


def test_the_outside_is_as_it_was(world: World) -> None:
    assert snapshot(world.root) == world.before
    assert not list(world.root.rglob("got-through"))
    assert not Path(f"/dev/shm/{world.mark}").exists()
    assert not Path(f"/tmp/{world.mark}").exists()


def test_the_gradebook_has_the_points_of_the_release(world: World) -> None:
    report = build_report(world.toy.class_folder)
    assert [(item.grade_id, item.points) for item in report.exercises] == [("check_scale", POINTS)]


def test_nothing_of_theirs_runs_on(world: World) -> None:
    """The grader's own temporary folder is in the command line or the environment of all that it has started."""
    left = [process for process in psutil.process_iter(["cmdline"]) if is_theirs(process, world)]
    assert left == []


def is_theirs(process: psutil.Process, world: World) -> bool:
    words = " ".join(process.info["cmdline"] or [])
    return any(sign in words for sign in (world.mark, str(world.root / "tmp" / "tinytorch-runtime")))


@pytest.mark.parametrize("door", ["listener", "named"])
def test_no_connection_came_out(world: World, door: str) -> None:
    with pytest.raises(BlockingIOError):
        getattr(world, door).accept()


@pytest.mark.parametrize("name", ["memory_bomb", "output_bomb", "swallows_interrupts"])
def test_a_bomb_costs_its_own_cells(world: World, name: str) -> None:
    runs = world.result(name).cells
    assert {run.status for run in runs} & {"crashed", "timed_out", "error"}
    assert sum(len(str(run.outputs)) for run in runs) < 4 * (LIMITS.cell_text_chars + LIMITS.cell_image_chars)
