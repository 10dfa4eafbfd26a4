"""A test that a module's lessons, its hidden checks and its file of bands use the same bands."""

from __future__ import annotations

from tinytorch.bench.band_file import BANDS_FILE
from tinytorch.course.bands import read_bands, unused
from tinytorch.course.names import lessons
from tinytorch.course.source import read_source
from tinytorch.grading.base.setup import plain_bands
from tinytorch.grading.checks.code import CheckFile
from tinytorch.grading.gradebook.folder import ClassFolder


def band_problems(class_folder: ClassFolder) -> list[str]:
    """Returns a sentence for each band that is missing somewhere; an empty list if there is none.

    Every band must be shown in a table, used by a lesson's code, and used by a race of a hidden check; hidden checks
    must name no others.
    """
    known = read_bands(class_folder.lessons)
    sources = [
        read_source(class_folder.project.source_path(lesson))
        for lesson in lessons(class_folder.project, class_folder.module)
    ]
    paths = sorted(class_folder.hidden.glob("test_*.py"))
    files = {path.name: CheckFile(path, "", plain_bands(known)) for path in paths}
    raced = frozenset().union(*(file.bands_raced() for file in files.values()))
    names = ", ".join(sorted(known)) or "none"
    return [
        *unused(known, sources),
        *(
            f"{BANDS_FILE}: no hidden check races by [{name}]; add one or remove the band"
            for name in known.keys() - raced
        ),
        *(
            f"{path}: a hidden check asks for the bands {name!r}; {BANDS_FILE} has {names}"
            for path, file in files.items()
            for name in sorted(file.bands_asked() - known.keys())
        ),
    ]
