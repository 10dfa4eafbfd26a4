"""A checkout with two tiny lessons and a grader that only looks, so that the outer rooms are tested in seconds."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from concurrent.futures import Executor, Future
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.courses.tiny import module_toml
from tinytorch.course.build import release_notebook
from tinytorch.course.names import Module, lessons, resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.grading.base.result import CellRun, CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.gradebook.autograde import Plan, Step, autograde_class
from tinytorch.grading.gradebook.exporter import read_release
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.release import generate_release
from tinytorch.grading.handed_in.frame import take_in
from tinytorch.grading.run import pool
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.provenance import circumstances

REPOSITORY = Path(__file__).parents[2]
MODULE = "13_kernels"

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

"""

LESSON = '''\
# %% [markdown]
# # {title}
# > A lesson for tests.

# %%
#| default_exp core.kernels.{short}

# %%
#| export
import math

# %% [markdown]
# ## Add {short}

# %% nbgrader={{"grade": false, "grade_id": "{name}", "solution": true}}
#| export
def {name}(a, b):
    """The sum of two numbers."""
    ### BEGIN SOLUTION
    total_of_both = a + b
    return total_of_both
    ### END SOLUTION

# %% nbgrader={{"grade": true, "grade_id": "check_{name}", "points": {points}}}
def test_unit_{name}():
    assert {name}(1, 2) == 3, "1 + 2 is 3"


test_unit_{name}()

# %% tags=["measure"]
print("measured")
'''

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"

QUESTION = """
# %% [markdown] nbgrader={"grade": true, "grade_id": "question_why", "points": 5, "solution": true}
# ## Why?
"""


CHECKS = '''\
import pytest
from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("{lesson}")


@pytest.mark.grade("check_{name}", weight=3)
def test_whole_numbers(student):
    """The sum of two whole numbers is right."""
    check.exactly(student.{name}(20, 22), 42)


@pytest.mark.grade("check_{name}", weight=1)
def test_fractions(student):
    """The sum of two fractions is right."""
    check.number(student.{name}(0.5, 0.25), 0.75, what="the sum")
'''


def make_checkout(root: Path) -> Project:
    """Sources of two lessons (10 and 4 points by machine, 5 by hand), hidden checks, and the real nbgrader settings."""
    sources = root / "modules" / MODULE
    sources.mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\nname = "tinytorch-kernels"\n')
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    first = LESSON.format(title="First", short="first", name="add_first", points=10)
    second = LESSON.format(title="Second", short="second", name="add_second", points=4)
    (sources / "module.toml").write_text(module_toml(automatic=14, manual=5))
    (sources / "01_first.py").write_text(HEADER + first)
    (sources / "02_second.py").write_text(HEADER + second + QUESTION)
    hidden = root / "tests" / "hidden" / MODULE
    hidden.mkdir(parents=True)
    for lesson, name in (("01_first", "add_first"), ("02_second", "add_second")):
        (hidden / f"test_{lesson}.py").write_text(CHECKS.format(lesson=lesson, name=name))
    return find_project(root)


def module_of(project: Project) -> Module:
    return resolve_module(project, MODULE)


def class_folder_of(project: Project) -> ClassFolder:
    return ClassFolder(project, module_of(project))


def released(project: Project) -> dict[str, NotebookNode]:
    """Each lesson's release notebook, straight from its source."""
    return {lesson.name: release_notebook(project, lesson) for lesson in lessons(project, module_of(project))}


def look(folder: Path, setup: Setup) -> SubmissionResult:
    """Stands in for grading: a stub earns nothing, a solution marked `# half` half, any other all."""
    if any(b"# fault" in path.read_bytes() for path in folder.glob("*.ipynb")):
        return SubmissionResult(exercises=(), fault="the grader stumbled")
    exercises, cells, repairs = [], [], []
    for path in sorted(setup.release_dir.glob("*.ipynb")):
        release = read_release(path)
        there = folder / path.name
        intake = take_in(there, release) if there.exists() else None
        notebook = intake.notebook if intake else release
        repairs += intake.repairs if intake else [f"{path.stem}: not handed in"]
        for solution, check in zip(notebook.cells, notebook.cells[1:], strict=False):
            if check.metadata.get("nbgrader", {}).get("grade") and check.cell_type == "code":
                exercises.append(judge(path.stem, solution.source, check))
                cells.append(CellRun(path.stem, check.id, "ok", ({"output_type": "stream", "text": "ran"},)))
    result = SubmissionResult(tuple(exercises), tuple(cells), tuple(repairs), sandbox=setup.sandbox, seed=setup.seed)
    noted = circumstances(folder, setup.limits)
    return dataclasses.replace(result, hashes=Keys(setup).hashes(folder), circumstances=noted)


def judge(lesson: str, source: str, check: NotebookNode) -> ExerciseResult:
    marks = check.metadata.nbgrader
    share = 0.0 if "NotImplementedError" in source else 0.5 if "# half" in source else 1.0
    results = tuple(
        CheckResult(f"test_{at}", lesson, marks.grade_id, 1.0, outcome, f"It adds <{at}>.", "got 1 & 2")
        for at, outcome in enumerate(
            [Outcome.PASSED if share >= 0.5 else Outcome.FAILED, Outcome.PASSED if share == 1.0 else Outcome.FAILED]
        )
    )
    return ExerciseResult(lesson, marks.grade_id, float(marks.points), float(marks.points) * share, results)


class AtOnce(Executor):
    """Runs each task where it is submitted."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as err:
            future.set_exception(err)
        return future


class Toy:
    """A toy checkout whose release is generated, and how to hand in and grade there."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.module = module_of(project)
        self.class_folder = class_folder_of(project)

    @property
    def assignments(self) -> Path:
        return self.project.assignments_dir

    def submitted(self, student: str) -> Path:
        return self.assignments / "submitted" / student / MODULE

    def hand_in(
        self,
        student: str,
        body: str = "    return a + b",
        lessons: tuple[str, ...] = ("01_first", "02_second"),
        stamp: str = "2026-11-20 10:00:00 UTC",
    ) -> Path:
        """Writes the release's notebooks with `body` in place of every stub."""
        folder = self.submitted(student)
        folder.mkdir(parents=True, exist_ok=True)
        for name in lessons:
            notebook = answered(read_release(self.project.release_dir(self.module) / f"{name}.ipynb"), body)
            nbformat.write(notebook, folder / f"{name}.ipynb")
        (folder / "timestamp.txt").write_text(stamp + "\n")
        return folder

    def grade(self, *students: str, again: bool = False) -> list[Step]:
        plan = Plan(sandbox="none", students=students, again=again, workers=1, open_executor=AtOnce)
        return list(autograde_class(self.class_folder, plan))


def answered(notebook: NotebookNode, body: str) -> NotebookNode:
    """A copy with `body` where each stub raises."""
    done = copy.deepcopy(notebook)
    for cell in done.cells:
        lines = [body if "NotImplementedError" in line else line for line in cell.source.split("\n")]
        cell.source = "\n".join(lines)
    return done


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy checkout generated once; tests take copies."""
    root = tmp_path_factory.mktemp("generated")
    project = make_checkout(root)
    generate_release(class_folder_of(project))
    return root


@pytest.fixture
def toy(generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A generated toy checkout of the test's own, graded by looking."""
    monkeypatch.setattr(pool, "grade_folder", look)
    root = tmp_path / "checkout"
    shutil.copytree(generated, root)
    return Toy(find_project(root))


@pytest.fixture(scope="session")
def graded_root(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada has all points and an answer to be marked, bob half, cem handed in one lesson, dora is not graded."""
    root = tmp_path_factory.mktemp("graded") / "checkout"
    shutil.copytree(generated, root)
    toy = Toy(find_project(root))
    toy.hand_in("ada")
    toy.hand_in("bob", "    return a + b  # half")
    toy.hand_in("cem", lessons=("01_first",))
    path = toy.submitted("ada") / "02_second.ipynb"
    path.write_text(path.read_text().replace("*Write your answer here.*", f"Because {EVIL}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "grade_folder", look)
        toy.grade()
    toy.hand_in("dora")
    return root


@pytest.fixture
def graded(graded_root: Path, tmp_path: Path) -> Toy:
    """A graded class of the test's own."""
    root = tmp_path / "graded"
    shutil.copytree(graded_root, root)
    return Toy(find_project(root))


@pytest.fixture
def checkout(tmp_path: Path) -> Project:
    """A toy checkout before anything is generated."""
    return make_checkout(tmp_path / "bare")


def as_json(notebook: NotebookNode) -> dict:  # type: ignore[type-arg]
    return json.loads(nbformat.writes(notebook))
