"""This project's steps in nbgrader's converters: clearing solutions, and grading by the hidden checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Integer, Unicode

from tinytorch.course.names import resolve_module
from tinytorch.course.project import Project
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import DEFAULT_SANDBOX, DEFAULT_SEED
from tinytorch.grading.gradebook.annotate import annotate
from tinytorch.grading.gradebook.folder import RESULT_MARK, WRITER_MARK, ClassFolder, writer_digest
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.pool import grade_folder
from tinytorch.grading.run.store import Store


class StripSolutions(NbGraderPreprocessor):
    """Replaces nbgrader's ClearSolutions: strict markers, and stubs that name their exercise."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        from tinytorch.course.steps import strip_solutions

        return strip_solutions(nb), resources


class GradeByHiddenChecks(NbGraderPreprocessor):
    """Replaces nbgrader's Execute: scores come from hidden checks run outside the student's process."""

    project_root = Unicode("", help="The checkout, which holds tests/hidden and assignments.").tag(config=True)
    sandbox = Unicode(DEFAULT_SANDBOX, help="How student code is isolated: 'bwrap' or 'none'.").tag(config=True)
    seed = Integer(DEFAULT_SEED, help="What the checks' random inputs are drawn from.").tag(config=True)

    keys = Dict(help="Student to key of a stored result, where it is known already.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        marks = resources["nbgrader"]
        key, result = self._result(marks["student"], marks["assignment"])
        if result.fault:
            raise GraderFaultError(f"{marks['student']}: not graded, by a fault of the grader: {result.fault}")
        annotate(nb, result, marks["notebook"])
        nb.metadata[RESULT_MARK], nb.metadata[WRITER_MARK] = key, writer_digest()
        return nb, resources

    def _result(self, student: str, module: str) -> tuple[str, SubmissionResult]:
        """Returns a result and its key: the stored one if known, else that of the submission being converted."""
        project = Project(Path(self.project_root), "checkout")
        class_folder = ClassFolder(project, resolve_module(project, module))
        store = Store(class_folder.results)
        key = self.keys.get(student, "")
        result = store.get(key) if key else None
        if result is not None:
            return key, result
        course: Any = self.parent.parent.coursedir  # the exporter's converter's
        folder = Path(course.format_path(course.submitted_directory, student, module))
        setup = setup_for(class_folder, self.sandbox, self.seed)
        key = Keys(setup).key(folder)
        result = store.get(key)
        if result is None:
            result = grade_folder(folder, setup)
            if not result.fault:
                store.put(key, result)
        return key, result
