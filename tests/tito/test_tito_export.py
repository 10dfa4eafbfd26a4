"""`tito export`: what it wrote, and what is stale."""

from __future__ import annotations

from tests.courses.tiny import edit, write_file
from tests.courses.toy import Toy
from tests.tito.running import Tito
from tinytorch.course.project import Project


def test_export_names_what_it_wrote_and_then_finds_nothing_to_write(tito: Tito, project: Project) -> None:
    done = tito("export", at=project.root)
    assert (done.code, done.err) == (0, "")
    assert done.out == "Exported tinytorch/core/kernels/first.py\nExported tinytorch/core/kernels/second.py\n"
    assert tito("export", "kernels", at=project.root).out == "Nothing to write: everything is up to date.\n"


def test_check_writes_nothing_and_fails_when_the_package_is_stale(tito: Tito, released: Project) -> None:
    assert tito("export", "--check", at=released.root).out == "The exported package is up to date.\n"
    exported = released.root / "tinytorch/core/kernels/first.py"
    edit(exported, "given(a) + given(b)", "[red]given[/]")
    before = exported.read_bytes()
    done = tito("export", "--check", at=released.root)
    assert done.code == 1
    assert "-    accumulated_sum = [red]given[/]" in done.out
    assert "+    accumulated_sum = given(a) + given(b)" in done.out
    assert done.err == "Stale in the package: 1. Run `tito export` and commit the result.\n"
    assert exported.read_bytes() == before


def test_a_wrong_marker_is_named_with_file_line_and_cell(tito: Tito, project: Project) -> None:
    edit(project.root / "modules/13_kernels/01_first.py", "    ### END SOLUTION\n", "")
    done = tito("export", at=project.root)
    assert (done.code, done.out) == (1, "")
    assert "01_first.py" in done.err
    assert "line" in done.err


def test_an_unknown_module_is_answered_with_the_nearest(tito: Tito, project: Project) -> None:
    done = tito("export", "13_kernals", at=project.root)
    assert (done.code, done.out) == (1, "")
    assert "did you mean 13_kernels?" in done.err


def test_a_project_without_nbdevs_settings_is_not_up_to_date(tito: Tito, toy: Toy) -> None:
    for options in ((), ("--check",)):
        done = tito("export", *options, at=toy.project.root)
        assert (done.code, done.out) == (1, "")
        assert "[tool.nbdev]" in done.err


def test_in_a_kit_export_writes_the_students_own_package(tito: Tito, kit: Project) -> None:
    done = tito("export", "--check", at=kit.root)
    assert (done.code, done.out) == (0, "The exported package is up to date.\n")
    assert tito("export", at=kit.root).code == 0


def test_without_a_name_every_module_is_exported(tito: Tito, project: Project) -> None:
    source = (project.root / "modules/13_kernels/01_first.py").read_text(encoding="utf-8")
    write_file(project.root / "modules/14_norms/01_first.py", source.replace("core.kernels.first", "core.norms.first"))
    done = tito("export", at=project.root)
    assert (done.code, done.err) == (0, "")
    assert "Exported tinytorch/core/kernels/first.py" in done.out
    assert "Exported tinytorch/core/norms/first.py" in done.out
    edit(project.root / "tinytorch/core/norms/first.py", "return accumulated_sum", "return 0")
    assert tito("export", "--check", "13", at=project.root).code == 0
    assert tito("export", "--check", at=project.root).code == 1
