"""Packages as the student wrote them: modules made from the `#| export` cells of their notebooks."""

from __future__ import annotations

import functools
import importlib
import sys
import types
from collections.abc import Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from .protocol import LessonCode
from .shell import Shell


class StudentModules(MetaPathFinder, Loader):
    """Finds and makes the packages and their modules; a cell that fails costs what it defines and no more.

    `packages` holds the lessons of each package, under the names that they are imported by.
    """

    def __init__(self, packages: Mapping[str, Mapping[str, LessonCode]], shell: Shell) -> None:
        self._packages = packages
        self._shell = shell

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname in self._packages:
            return ModuleSpec(fullname, self, is_package=True)
        package, _, short = fullname.rpartition(".")
        if short in self._packages.get(package, {}):
            return ModuleSpec(fullname, self)
        return None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        if module.__name__ in self._packages:
            vars(module)["__getattr__"] = functools.partial(self._search, module.__name__)
            return
        package, _, short = module.__name__.rpartition(".")
        lesson = self._packages[package][short]
        for cell in lesson.cells:
            failure = self._run(cell.name, cell.source, vars(module))
            if failure:
                print(f"{module.__name__}: {failure}", file=sys.stderr)
        for given in lesson.given:
            missing = [name for name in given.defined if name not in vars(module)]
            if missing:
                self._fill(module, given.name, given.source, missing)

    def _fill(self, module: types.ModuleType, cell: str, source: str, missing: list[str]) -> None:
        """Takes what the student's cells left undefined from the cell as it was released."""
        space = dict(vars(module))
        self._run(cell, source, space)
        vars(module).update({name: space[name] for name in missing if name in space})

    def _run(self, cell: str, source: str, space: dict[str, Any]) -> str:
        try:
            code = compile(source, self._shell.put_imported(cell, source), "exec", dont_inherit=True)
            exec(code, space)  # the sandbox is there so that this may happen
        except Exception as err:
            return f"{cell} failed with {self._shell.describe(err).words}"[:300]
        return ""

    def _search(self, package: str, name: str) -> object:
        """Names of a package itself: the first lesson's that has it, as the exported package re-exports all."""
        if not name.startswith("_"):
            for short in self._packages[package]:
                value = vars(importlib.import_module(f"{package}.{short}")).get(name)
                if value is not None:
                    return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}")


def install(packages: Mapping[str, Mapping[str, LessonCode]], shell: Shell) -> None:
    """Puts the finder first, and takes away those of editable installs, which know the course's checkout."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]
    sys.meta_path.insert(0, StudentModules(packages, shell))
