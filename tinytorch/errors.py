"""The errors this project raises on purpose; each message says what was found, where, and what to do.

TinyTorchError
|-- CourseError                 making notebooks, packages and kits
|   |-- ProjectError            not inside a checkout or a kit
|   |-- UnknownNameError        no such module or lesson
|   |-- SourceError             a percent source or notebook that cannot be read or is marked wrongly
|   |-- ExportError             nbdev could not export, or the exported package is stale
|   '-- WorkspaceError          a student's folder cannot be read or written
'-- GradingError                marking what came back
    |-- ReleaseError            the release is missing, stale or refused by the gate
    |-- CollectError            submissions that cannot be taken in
    |-- SandboxUnavailableError no isolation is available here
    '-- GraderFaultError        our own fault: never scored as the student's
"""


class TinyTorchError(Exception):
    """Anything the command line reports as one sentence, with exit code 1."""


class CourseError(TinyTorchError):
    """Something about the course's own files."""


class ProjectError(CourseError):
    """The working folder belongs neither to a checkout nor to a student kit."""


class UnknownNameError(CourseError):
    """A module or lesson by that name does not exist."""


class SourceError(CourseError):
    """A lesson source or notebook is malformed; the message names file, cell and line."""


class ExportError(CourseError):
    """A package could not be exported or is out of date."""


class WorkspaceError(CourseError):
    """A student's folder could not be read or written."""


class GradingError(TinyTorchError):
    """Something about marking."""


class ReleaseError(GradingError):
    """The release is missing, stale, or refused by the gate."""


class CollectError(GradingError):
    """Submissions could not be taken in."""


class SandboxUnavailableError(GradingError):
    """Student code cannot be isolated on this machine."""


class GraderFaultError(GradingError):
    """The grader failed; the submission is marked as not graded."""
