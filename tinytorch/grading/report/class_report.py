"""The class's scores out of nbgrader's gradebook, and which checks failed most often out of the kept results."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tinytorch.course.names import lessons
from tinytorch.course.points import exercises
from tinytorch.grading.base.result import CheckResult, SubmissionResult
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import StudentMarks, marks_of_class
from tinytorch.grading.run.store import Store
from tinytorch.notebooks.exercises import Exercise
from tinytorch.text import clean_words

BINS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One student: a score for each exercise of the report (None: not graded yet), and what follows from them."""

    student: str
    scores: tuple[float | None, ...]
    automatic: float
    manual: float
    late_penalty: float
    total: float
    waiting: int  # exercises that someone has to grade by hand
    handed_in: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the totals, in points; quartiles by linear interpolation. `histogram` counts equal bins from 0 to `points`."""

    students: int
    mean: float
    median: float
    lower_quartile: float
    upper_quartile: float
    lowest: float
    highest: float
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check with its requirement, and the numbers of graded submissions that earned nothing or a part of it."""

    lesson: str
    grade_id: str
    check: str
    requirement: str
    failed: int
    partly: int
    graded: int


@dataclass(frozen=True, slots=True)
class Report:
    module: str
    points: float
    exercises: tuple[Exercise, ...]
    means: tuple[float | None, ...]  # of each exercise, over the students who have a score for it
    rows: tuple[Row, ...]
    statistics: Statistics | None  # None while nobody is graded
    hardest: tuple[FailedCheck, ...]
    ungraded: tuple[str, ...]  # handed in, without scores in the gradebook
    made: str

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)


def build_report(class_folder: ClassFolder) -> Report:
    """Reads gradebook and results; raises GradingError when there is nothing to read or the gradebook is locked."""
    released = [class_folder.release / lesson.notebook for lesson in lessons(class_folder.project, class_folder.module)]
    columns = tuple(exercises([path for path in released if path.is_file()]))
    every = [_row(given, columns) for given in marks_of_class(class_folder)]
    rows = tuple(row for row in every if _is_graded(row, columns))
    names = [row.student for row in rows]
    points = sum(column.points for column in columns)
    return Report(
        module=class_folder.module.name,
        points=points,
        exercises=columns,
        means=tuple(_mean([row.scores[at] for row in rows]) for at in range(len(columns))),
        rows=rows,
        statistics=summarize([row.total for row in rows], points),
        hardest=hardest_checks(_results(class_folder, names)),
        ungraded=tuple(name for name in class_folder.handed_in() if name not in names),
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def summarize(totals: Sequence[float], points: float) -> Statistics | None:
    """The statistics of a class's totals; None of no totals."""
    if not totals:
        return None
    several = len(totals) > 1
    lower, median, upper = statistics.quantiles(totals, n=4, method="inclusive") if several else [totals[0]] * 3
    counts = Counter(min(BINS - 1, max(0, int(total / points * BINS))) if points else 0 for total in totals)
    return Statistics(
        students=len(totals),
        mean=statistics.fmean(totals),
        median=median,
        lower_quartile=lower,
        upper_quartile=upper,
        lowest=min(totals),
        highest=max(totals),
        histogram=tuple(counts[at] for at in range(BINS)),
    )


def hardest_checks(results: Iterable[SubmissionResult]) -> tuple[FailedCheck, ...]:
    """Every check that someone did not earn in full, the one that lost the largest share first."""
    failed: Counter[tuple[str, str, str]] = Counter()
    partly: Counter[tuple[str, str, str]] = Counter()
    lost: dict[tuple[str, str, str], float] = {}
    graded: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], CheckResult] = {}
    for check in (check for result in results for item in result.exercises for check in item.checks):
        name = (check.lesson, check.grade_id, check.check)
        graded[name] += 1
        failed[name] += check.earned == 0
        partly[name] += 0 < check.earned < check.weight
        lost[name] = lost.get(name, 0.0) + 1 - check.earned / check.weight
        examples[name] = check
    order = sorted((name for name in lost if lost[name] > 0), key=lambda name: (-lost[name] / graded[name], name))
    return tuple(
        FailedCheck(
            lesson=examples[name].lesson,
            grade_id=examples[name].grade_id,
            check=examples[name].check,
            requirement=examples[name].requirement,
            failed=failed[name],
            partly=partly[name],
            graded=graded[name],
        )
        for name in order
    )


def table(report: Report) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headings and one line of text for each student, as a terminal or a spreadsheet shows them."""
    names = [f"{column.lesson}/{column.name}" for column in report.exercises]
    headings = ("student", *names, "automatic", "by hand", "late", "total", "waiting", "handed in")
    return headings, tuple(_line(row) for row in report.rows)


def to_csv(report: Report) -> str:
    """The table as CSV; text that a spreadsheet would take for a formula is made plain text."""
    headings, lines = table(report)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(_plain, headings))
    for row, line in zip(report.rows, lines, strict=True):
        writer.writerow([_plain(row.student), *line[1:-1], _plain(row.handed_in)])
    return out.getvalue()


def _plain(text: str) -> str:
    """Text that is no formula and stays one cell: full-width signs and lone carriage returns are known tricks too."""
    text = clean_words(text)
    is_formula = text.lstrip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20") or text[:1] in tuple("\t\n")
    return f"'{text}" if is_formula else text


def _line(row: Row) -> tuple[str, ...]:
    scores = ("" if score is None else f"{score:g}" for score in row.scores)
    sums = (f"{row.automatic:g}", f"{row.manual:g}", f"{row.late_penalty:g}", f"{row.total:g}")
    return (row.student, *scores, *sums, str(row.waiting), row.handed_in)


def _row(given: StudentMarks, columns: tuple[Exercise, ...]) -> Row:
    known = {(mark.lesson, mark.grade_id): mark for mark in given.marks}
    own = [known.get((column.lesson, column.grade_id)) for column in columns]
    scores = tuple(None if mark is None or mark.is_open else mark.score for mark in own)
    by_hand = [column.manual for column in columns]
    automatic = sum(score or 0.0 for score, manual in zip(scores, by_hand, strict=True) if not manual)
    manual = sum(score or 0.0 for score, manual in zip(scores, by_hand, strict=True) if manual)
    return Row(
        student=given.student,
        scores=scores,
        automatic=automatic,
        manual=manual,
        late_penalty=given.late_penalty,
        total=automatic + manual - given.late_penalty,
        waiting=sum(mark is not None and mark.waiting for mark in own),
        handed_in=f"{given.handed_in:%Y-%m-%d %H:%M:%S} UTC" if given.handed_in else "",
    )


def _is_graded(row: Row, columns: tuple[Exercise, ...]) -> bool:
    """A fault of the grader leaves machine scores open: such a row is no zero and has no total."""
    return all(score is not None for score, column in zip(row.scores, columns, strict=True) if not column.manual)


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return statistics.fmean(known) if known else None


def _results(class_folder: ClassFolder, students: Sequence[str]) -> list[SubmissionResult]:
    """The results that the gradebook's scores came from, as the autograded notebooks name them."""
    store = Store(class_folder.results)
    keys = (class_folder.recorded_key(student) for student in students)
    return [result for key in keys if key and (result := store.get(key)) is not None]
