"""nbgrader's settings: where the class lies, and the steps of ours that take the place of nbgrader's.

Read by `nbgrader` when it is started in this folder, by the formgrader, and by `tito grade`.
"""

import os
import sysconfig
from pathlib import Path

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ComputeChecksums,
    IncludeHeaderFooter,
    LimitOutput,
    LockCells,
    SaveAutoGrades,
    SaveCells,
)

from tinytorch.grading.gradebook.exporter import ForgivingExporter
from tinytorch.grading.gradebook.preprocessor import GradeByHiddenChecks, StripSolutions

ROOT = Path(__file__).resolve().parent

# A new gradebook is stamped by calling `alembic` by name, which is not on the path of an environment not activated.
_scripts = sysconfig.get_path("scripts")
if _scripts not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_scripts, os.environ.get("PATH", os.defpath)])

c = get_config()  # noqa: F821

c.CourseDirectory.root = str(ROOT / "assignments")

# Checksums are taken before and after the parts that only instructors see are cut out, as nbgrader does.
c.GenerateAssignment.preprocessors = [
    IncludeHeaderFooter,
    LockCells,
    StripSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]

c.Autograde.exporter_class = ForgivingExporter
c.OverwriteCells.add_missing_cells = True

# No notebook is executed by nbgrader: student code runs in the grader's sandbox only.
c.Autograde.autograde_preprocessors = [
    GradeByHiddenChecks,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.GradeByHiddenChecks.project_root = str(ROOT)

# A student's markdown may hold HTML; in the instructor's browser it must not run. Outputs are reduced to text and
# pictures when they are graded.
c.HTMLExporter.filters = {"markdown2html": "tinytorch.grading.gradebook.safe_markdown.markdown2html"}
