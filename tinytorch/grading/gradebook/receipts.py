"""The receipts of a class: read from the kept results, and written for students beside their feedback pages."""

from __future__ import annotations

from pathlib import Path

from tinytorch.course import files
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.run.receipt import Receipt, for_student, receipt
from tinytorch.grading.run.store import Store


def read_receipt(class_folder: ClassFolder, student: str) -> Receipt | None:
    """The receipt of the result that a student's autograded notebooks were written from; None when there is none."""
    key = class_folder.recorded_key(student)
    result = Store(class_folder.results).get(key) if key else None
    return None if key is None or result is None else receipt(result, class_folder.module.name, student, key)


def write_for_student(class_folder: ClassFolder, full: Receipt) -> Path:
    """Writes the student's receipt beside their feedback pages."""
    path = class_folder.receipt(full.student)
    files.write_bytes(path, (for_student(full).to_json() + "\n").encode("utf-8", "backslashreplace"))
    return path
