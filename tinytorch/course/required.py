"""The packages of the modules that a module requires, as those modules are released.

Everything here is made from the required modules' sources, whether or not those were ever generated, and holds stubs
where their students write.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from nbformat import NotebookNode

from tinytorch.course import files
from tinytorch.course.build import release_notebook
from tinytorch.course.export import exported_text
from tinytorch.course.module_facts import FACTS_FILE, module_facts
from tinytorch.course.names import Lesson, Module, lessons, modules
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.project import Project
from tinytorch.errors import SourceError


def required_modules(project: Project, module: Module) -> list[Module]:
    """Returns the modules that `module` requires, and those that they require, each after its own requirements."""
    ordered: list[Module] = []
    _visit(project, module, (), ordered)
    return ordered[:-1]


def released_notebooks(project: Project, module: Module) -> dict[str, list[tuple[Lesson, NotebookNode]]]:
    """Returns, by package, the lessons of each required module with their notebooks as students get them."""
    return {
        required.package: [(lesson, release_notebook(project, lesson)) for lesson in lessons(project, required)]
        for required in required_modules(project, module)
    }


def released_packages(project: Project, module: Module, pyproject: str) -> dict[str, bytes]:
    """Returns the required packages as a kit holds them, each file by its path below the root of the kit.

    `pyproject` is the text of that kit's pyproject.toml, whose nbdev settings the export follows.
    """
    required = required_modules(project, module)
    exported: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="tinytorch-required-") as folder:
        root = Path(folder).resolve()
        files.write_bytes(root / "pyproject.toml", pyproject.encode())
        stage = Project(root, "kit")
        notebooks = []
        for each in required:
            for lesson in lessons(project, each):
                notebooks.append(stage.notebooks_dir(each) / lesson.notebook)
                write_notebook(release_notebook(project, lesson), notebooks[-1])
        if notebooks:
            exported = {name: text.encode() for name, text in exported_text(notebooks, root).items()}
    for each in required:
        path = project.exported_dir(each) / "__init__.py"
        with files.sentences(path):
            exported[path.relative_to(project.root).as_posix()] = path.read_bytes()
    return exported


def _visit(project: Project, module: Module, below: tuple[Module, ...], ordered: list[Module]) -> None:
    """Appends `module` behind everything it requires; `below` are the modules on the way to it."""
    if module in below:
        way = " requires ".join(each.name for each in (*below[below.index(module) :], module))
        raise SourceError(f"{way}: modules cannot require each other; correct their {FACTS_FILE}.")
    if module in ordered:
        return
    known = {each.name: each for each in modules(project)}
    for name in module_facts(project, module).requires:
        if name not in known:
            raise SourceError(
                f"{module.name}/{FACTS_FILE} requires {name}, and {project.modules_dir} has no such module; "
                "restore it or correct the file."
            )
        _visit(project, known[name], (*below, module), ordered)
    ordered.append(module)
