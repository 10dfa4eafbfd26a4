"""`tinytorch.core.kernels` as the student wrote it: modules made from the `#| export` cells of their notebooks."""

from __future__ import annotations

import importlib
import sys
import types
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from .shell import Shell

PACKAGE = "tinytorch.core.kernels"

Lesson = dict[str, list[list[Any]]]  # "cells": [name, source] each; "given": [name, source, what it defines] each


class StudentKernels(MetaPathFinder, Loader):
    """Finds and makes the package and its modules; a cell that fails costs what it defines and no more."""

    def __init__(self, lessons: dict[str, Lesson], shell: Shell) -> None:
        self._lessons = lessons
        self._shell = shell

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname == PACKAGE:
            return ModuleSpec(fullname, self, is_package=True)
        short = fullname.removeprefix(PACKAGE + ".")
        if short != fullname and short in self._lessons:
            return ModuleSpec(fullname, self)
        return None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        if module.__name__ == PACKAGE:
            vars(module)["__getattr__"] = self._search
            return
        lesson = self._lessons[module.__name__.rpartition(".")[2]]
        for name, source in lesson["cells"]:
            failure = self._run(name, source, vars(module))
            if failure:
                print(f"{module.__name__}: {failure}", file=sys.stderr)
        for name, source, defined in lesson["given"]:
            self._fill(module, name, source, [wanted for wanted in defined if wanted not in vars(module)])

    def _fill(self, module: types.ModuleType, name: str, source: str, missing: list[str]) -> None:
        """Takes what the student's cells left undefined from the cell as it was released."""
        if not missing:
            return
        space = dict(vars(module))
        self._run(name, source, space)
        vars(module).update({wanted: space[wanted] for wanted in missing if wanted in space})

    def _run(self, name: str, source: str, space: dict[str, Any]) -> str:
        try:
            code = compile(source, self._shell.put_imported(name, source), "exec")
            exec(code, space)  # the sandbox is there so that this may happen
        except Exception as err:
            return f"{name} failed with {self._shell.describe(err).words}"[:300]
        return ""

    def _search(self, name: str) -> object:
        """Names of the package itself: the first lesson's that has it, as the exported package re-exports all."""
        if not name.startswith("_"):
            for short in self._lessons:
                found = vars(importlib.import_module(f"{PACKAGE}.{short}")).get(name)
                if found is not None:
                    return found
        raise AttributeError(f"module {PACKAGE!r} has no attribute {name!r}")


def install(lessons: dict[str, Lesson], shell: Shell) -> None:
    """Puts the finder first, and takes away those of editable installs, which know the course's checkout."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]
    sys.meta_path.insert(0, StudentKernels(lessons, shell))
