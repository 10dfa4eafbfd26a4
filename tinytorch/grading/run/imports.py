"""Which lessons a lesson's code may import, read from its text, so that its process is given these and no others.

What isn't given can't be used, so an outcome depends on nothing else, whatever the text may hide. Text that names a
package without a lesson of it, or that can import by computed names, may import everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

Name = tuple[str, str]  # package, lesson: ("tinytorch.core.example", "first"); without a package it is not importable

_COMPUTED = re.compile(r"\b(?:importlib|import_module|__import__|exec|eval|runpy|pkgutil|sys\s*\.\s*modules)\b")


def reachable(lesson: Name, sources: Mapping[Name, Sequence[str]]) -> tuple[Name, ...]:
    """The other lessons that a lesson may import, directly or through those, in the order of `sources`."""
    found: set[Name] = set()
    waiting = [lesson]
    while waiting:
        imported = _imported("\n".join(sources[waiting.pop()]), sources)
        waiting += imported - found
        found |= imported
    return tuple(name for name in sources if name in found and name != lesson)


def _imported(text: str, lessons: Iterable[Name]) -> set[Name]:
    if _COMPUTED.search(text):
        return {name for name in lessons if name[0]}
    shorts: dict[str, set[str]] = {}
    for package, short in lessons:
        if package:
            shorts.setdefault(package, set()).add(short)
    return {(package, short) for package in shorts for short in _of_package(text, package, shorts[package])}


def _of_package(text: str, package: str, shorts: set[str]) -> set[str]:
    """The lessons of one package that a text names; all where it names the package, or reaches for what holds it."""
    parts = package.split(".")
    if any(_reaches(text, ".".join(parts[:end]), parts[end]) for end in range(1, len(parts))):
        return shorts
    named: set[str] = set()
    for match in re.finditer(rf"\b{re.escape(package)}\b(?:\s*\.\s*(\w+))?", text):
        if match[1] in shorts:
            named.add(match[1])
        elif not _imports_lessons(text[: match.end()], text[match.end() :], shorts, named):
            return shorts
    return named


def _reaches(text: str, holder: str, part: str) -> bool:
    """Says whether the text may get at `part` of `holder` by another name: an alias, an import of it, or a value."""
    name = re.escape(holder)
    names = rf"(?:\([^)]*(?:\b{part}\b|\*)|[^\n;]*(?:\b{part}\b|\*))"
    forms = (rf"\bimport\s+{name}\s+as\b", rf"\bfrom\s+{name}\s+import\s*{names}", rf"[=(,\[]\s*{name}\s*[,)\]\n]")
    return any(re.search(form, text) for form in forms)


def _imports_lessons(before: str, after: str, shorts: set[str], named: set[str]) -> bool:
    """Says whether the package is named only to import lessons from it by name; adds them to `named`."""
    listed = re.match(r"\s+import\s+(\([^)]*\)|[^\n;]*)", after)
    if not listed or not re.search(r"\bfrom\s+[\w.\s]*$", before):
        return False
    names = [part.split()[0] for part in re.sub(r"#[^\n]*|[()\\]", " ", listed[1]).split(",") if part.split()]
    if not names or not set(names) <= shorts:
        return False
    named.update(names)
    return True
