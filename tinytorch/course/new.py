"""Makes a new module: a small complete one, from source to grade, which its author overwrites."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tinytorch.bench.band_file import BANDS_FILE
from tinytorch.course import files, new_texts
from tinytorch.course.module_facts import FACTS_FILE
from tinytorch.course.names import Module, modules, resolve_module
from tinytorch.course.project import Project
from tinytorch.errors import UnknownNameError, WorkspaceError

# Two digits or more, so that folders sort by number.
_NAME = re.compile(r"(\d{2,})_([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Created:
    """The files of a new module, and the next commands, each with its purpose."""

    module: Module
    written: tuple[Path, ...]
    next_steps: tuple[tuple[str, str], ...]


def create_module(project: Project, name: str, *, title: str | None = None, requires: Sequence[str] = ()) -> Created:
    """Writes the files of a module called `name`; nothing that exists is overwritten.

    `requires` takes modules by any of their names. Raises `UnknownNameError` for a bad or taken name and
    `WorkspaceError` outside a checkout.
    """
    if project.kind != "checkout":
        raise WorkspaceError("a module is made in the instructor's checkout; this is a student's kit.")
    module = _new_module(project, name)
    heading = _title(module.short.replace("_", " ").capitalize() if title is None else title)
    required = dict.fromkeys(resolve_module(project, text).name for text in requires)
    fields = {
        "name": module.name,
        "number": module.number,
        "short": module.short,
        "title": heading,
        "title_quoted": json.dumps(heading, ensure_ascii=False),
        "requires": json.dumps(list(required)),
    }
    texts = {path: Template(text).substitute(fields) for path, text in _places(project, module).items()}
    for path in texts:
        if path.exists():
            raise WorkspaceError(f"{path} exists already; move it away or choose another name. Nothing was written.")
    _write_all(texts)
    return Created(module, tuple(texts), _next_steps(module))


def _new_module(project: Project, name: str) -> Module:
    match = _NAME.fullmatch(name)
    if match is None or keyword.iskeyword(match[2]):
        raise UnknownNameError(
            f"{name!r} cannot be a module's name; use a number of two digits, an underscore, and small letters, "
            "for example 20_norms. What follows the number becomes the package's name."
        )
    module = Module(name, *match.groups())
    for other in modules(project):
        if int(other.number) == int(module.number) or other.short == module.short:
            raise UnknownNameError(
                f"{name} and {other}, which exists, would answer to the same number or name; choose another."
            )
    return module


def _title(text: str) -> str:
    if not text.strip() or not text.isprintable() or '"' in text or "\\" in text:
        raise UnknownNameError(f"{text!r} cannot be a title; use one line without quotation marks and backslashes.")
    return text.strip()


def _places(project: Project, module: Module) -> dict[Path, str]:
    """Every file of a new module with its text, fields not yet filled in."""
    sources, hidden = project.modules_dir / module.name, project.hidden_dir(module)
    submissions = project.root / "tests" / "submissions" / module.name
    return {
        sources / FACTS_FILE: new_texts.FACTS,
        sources / BANDS_FILE: new_texts.BANDS,
        sources / "README.md": new_texts.README,
        sources / "marking.md": new_texts.MARKING,
        sources / "01_first.py": new_texts.LESSON,
        hidden / "test_01_first.py": new_texts.HIDDEN,
        submissions / "reference.py": new_texts.REFERENCE,
        submissions / "blank.py": new_texts.BLANK,
        submissions / "starts_at_zero.py": new_texts.STARTS_AT_ZERO,
        submissions / "first_and_last.py": new_texts.FIRST_AND_LAST,
        submissions / "expected.toml": new_texts.EXPECTED,
        project.exported_dir(module) / "__init__.py": new_texts.PACKAGE,
    }


def _write_all(texts: dict[Path, str]) -> None:
    """Writes every file or none: files written before a failure are removed again."""
    written: list[Path] = []
    try:
        for path, text in texts.items():
            files.write_bytes(path, text.encode())
            written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _next_steps(module: Module) -> tuple[tuple[str, str], ...]:
    return (
        (f"tito export {module}", "put the lesson's functions into the package"),
        (f"tito test --module {module}", "run its visible checks on the reference"),
        (f"tito grade generate {module}", "make the release and put it through the gate"),
    )
