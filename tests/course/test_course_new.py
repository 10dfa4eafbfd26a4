"""`tito module new`: what it makes works as it is, and it overwrites nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.submissions import build
from tinytorch.course import workspace
from tinytorch.course.bands import read_bands
from tinytorch.course.build import build_source, release_notebook, source_notebook
from tinytorch.course.export import export_module, stale
from tinytorch.course.kit import build_kit
from tinytorch.course.leaks import find_leaks
from tinytorch.course.module_facts import module_facts
from tinytorch.course.names import lessons, modules, resolve_module
from tinytorch.course.new import Created, create_module
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.points import exercises, points_problems
from tinytorch.course.project import Project, find_project
from tinytorch.course.steps import strip_markers
from tinytorch.errors import TinyTorchError, UnknownNameError, WorkspaceError


@pytest.fixture
def created(project: Project) -> Created:
    return create_module(project, "14_norms", title="Norms", requires=["kernels", "13"])


@pytest.fixture
def new_release(project: Project, created: Created) -> Project:
    export_module(project, created.module)
    for lesson in lessons(project, created.module):
        write_notebook(release_notebook(project, lesson), project.release_dir(created.module) / lesson.notebook)
    return project


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_that_belongs_to_a_module_is_written(project: Project, created: Created) -> None:
    assert [str(path.relative_to(project.root)) for path in created.written] == [
        "modules/14_norms/module.toml", "modules/14_norms/bands.toml", "modules/14_norms/README.md",
        "modules/14_norms/marking.md", "modules/14_norms/01_first.py", "tests/hidden/14_norms/test_01_first.py",
        "tests/submissions/14_norms/reference.py", "tests/submissions/14_norms/blank.py",
        "tests/submissions/14_norms/starts_at_zero.py", "tests/submissions/14_norms/first_and_last.py",
        "tests/submissions/14_norms/expected.toml",
        "tinytorch/core/norms/__init__.py",
    ]  # fmt: skip
    assert [module.name for module in modules(project)] == ["13_kernels", "14_norms"]
    assert "tito export 14_norms" in created.next_steps[0]


def test_it_declares_what_it_holds(project: Project, created: Created) -> None:
    facts = module_facts(project, created.module)
    assert (facts.title, facts.requires) == ("Norms", ("13_kernels",))
    assert points_problems(exercises(build_source(project, created.module)), facts) == []


def test_its_file_of_bands_has_none_and_shows_how_they_are_written(project: Project, created: Created) -> None:
    path = project.modules_dir / created.module.name / "bands.toml"
    assert read_bands(path.parent) == {}
    example = re.sub(r"(?ms)\A.*^# \[sums\]", "[sums]", path.read_text())
    path.write_text(re.sub(r"(?m)^# ", "", example))
    assert read_bands(path.parent)["sums"].shares == ((0.1, 0.5), (0.6, 1.0))


def test_it_is_exported_and_its_reference_passes(project: Project, created: Created) -> None:
    changed = export_module(project, created.module)
    assert [path.name for path in changed] == ["first.py"]
    assert stale(project, created.module) == []
    [run] = workspace.test(project, created.module)
    assert [check.message for check in run.checks if not check.passed] == []
    assert run.checks


def test_its_release_leaks_nothing(new_release: Project, created: Created) -> None:
    assert find_leaks(new_release.release_dir(created.module), new_release, created.module) == []


def test_its_kit_is_worked_on_like_any_other(new_release: Project, created: Created, tmp_path: Path) -> None:
    kit = find_project(build_kit(new_release, created.module, tmp_path / "out").folder)
    module = resolve_module(kit, "norms")
    [before] = workspace.test(kit, module)
    assert [check.message for check in before.checks] == ["not written yet"]
    [lesson] = lessons(new_release, created.module)
    write_notebook(strip_markers(source_notebook(new_release, lesson)), kit.notebooks_dir(module) / lesson.notebook)
    [done] = workspace.complete(kit, module)
    assert done.run.passed
    assert done.run.errors == ()


def test_its_submissions_can_be_built(new_release: Project, created: Created, tmp_path: Path) -> None:
    folder = new_release.root / "tests/submissions/14_norms"
    assert build.all_names(folder) == sorted(build.load_expected(folder / "expected.toml"))
    bad = build.load("starts_at_zero", folder)
    assert [(change.lesson, change.grade_id) for change in bad.changes] == [("01_first", "spread")]


@pytest.mark.parametrize(
    "name", ["norms", "14-norms", "14_Norms", "4_norms", "14_", "14_2d", "14_class", "../14_x", ""]
)
def test_a_bad_name_is_a_sentence(project: Project, name: str) -> None:
    with pytest.raises(UnknownNameError, match="cannot be a module's name; use a number"):
        create_module(project, name)


@pytest.mark.parametrize("name", ["13_norms", "013_norms", "14_kernels", "13_kernels"])
def test_a_taken_name_is_refused(project: Project, name: str) -> None:
    with pytest.raises(UnknownNameError, match="and 13_kernels, which exists, would answer to the same"):
        create_module(project, name)


@pytest.mark.parametrize("title", ["", " ", "two\nlines", 'a "quoted" title', "back\\slash"])
def test_a_title_that_would_break_a_file_is_refused(project: Project, title: str) -> None:
    with pytest.raises(UnknownNameError, match="cannot be a title"):
        create_module(project, "14_norms", title=title)


@pytest.mark.parametrize("existing", ["modules/14_norms/marking.md", "tinytorch/core/norms/__init__.py"])
def test_nothing_is_overwritten_and_nothing_written_beside_it(project: Project, existing: str) -> None:
    path = project.root / existing
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = files_of(project.root)
    with pytest.raises(TinyTorchError, match=r"exists already|which exists"):
        create_module(project, "14_norms")
    assert files_of(project.root) == before


def test_an_unknown_requirement_is_answered_with_what_there_is(project: Project) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 13_kernels"):
        create_module(project, "14_norms", requires=["kernel"])
    assert not (project.modules_dir / "14_norms").exists()


def test_a_failure_takes_away_what_was_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_of(project.root)
    (project.root / "tests" / "submissions").write_text("a file where a folder is needed")
    with pytest.raises(WorkspaceError):
        create_module(project, "14_norms")
    (project.root / "tests" / "submissions").unlink()
    assert files_of(project.root) == before


def test_in_a_kit_no_module_is_made(kit: Project) -> None:
    with pytest.raises(WorkspaceError, match="made in the instructor's checkout"):
        create_module(kit, "14_norms")
