"""Does the report say what the gradebook says, to people, spreadsheets and programs?"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, Toy
from tinytorch.course.project import find_project
from tinytorch.errors import GradingError
from tinytorch.grading.base.result import CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.report.class_report import Report, Row, build_report, hardest_checks, summarize, table, to_csv
from tinytorch.grading.report.page import to_html


@pytest.fixture(scope="module")
def report(graded_root: Path) -> Report:
    toy = Toy(find_project(graded_root))
    return build_report(toy.class_folder)


def named(report: Report, student: str) -> Row:
    return next(row for row in report.rows if row.student == student)


def test_columns_follow_the_lessons(report: Report) -> None:
    assert [(e.lesson, e.name, e.points) for e in report.exercises] == [
        ("01_first", "add_first", 10.0),
        ("02_second", "add_second", 4.0),
        ("02_second", "why", 5.0),
    ]


def test_each_student_has_the_gradebooks_scores(report: Report) -> None:
    assert [(row.student, row.scores, row.total) for row in report.rows] == [
        ("ada", (10.0, 4.0, None), 14.0),
        ("bob", (5.0, 2.0, 0.0), 7.0),
        ("cem", (10.0, 0.0, 0.0), 10.0),
    ]


def test_answers_to_mark_by_hand_are_counted(report: Report) -> None:
    assert [row.waiting for row in report.rows] == [1, 0, 0]


def test_a_mark_given_by_hand_counts(graded: Toy) -> None:
    with Gradebook(f"sqlite:///{graded.class_folder.gradebook}") as gradebook:
        grade = gradebook.find_grade("question_why", "02_second", MODULE, "ada")
        grade.manual_score, grade.needs_manual_grade = 4.5, False
        gradebook.db.commit()
    row = named(build_report(graded.class_folder), "ada")
    assert (row.automatic, row.manual, row.total, row.waiting) == (14.0, 4.5, 18.5, 0)


def test_a_late_penalty_is_taken_off(graded: Toy) -> None:
    with Gradebook(f"sqlite:///{graded.class_folder.gradebook}") as gradebook:
        gradebook.find_submission_notebook("01_first", MODULE, "ada").late_submission_penalty = 3.0
        gradebook.db.commit()
    row = named(build_report(graded.class_folder), "ada")
    assert (row.late_penalty, row.total) == (3.0, 11.0)


def test_who_is_not_graded_is_named(report: Report) -> None:
    assert report.ungraded == ("dora",)


def test_the_checks_most_often_failed_come_first(report: Report) -> None:
    assert [(c.grade_id, c.check, c.failed, c.graded) for c in report.hardest] == [
        ("check_add_second", "test_1", 2, 3),
        ("check_add_first", "test_1", 1, 3),
        ("check_add_second", "test_0", 1, 3),
    ]


def test_an_undecided_check_counts_as_passed() -> None:
    check = CheckResult("t", "01_first", "check_a", 1.0, Outcome.UNDECIDED, "Is fast.")
    assert hardest_checks([SubmissionResult((ExerciseResult("01_first", "check_a", 1.0, 1.0, (check,)),))]) == ()


def test_a_check_earned_in_part_is_told_apart_from_a_failed_one() -> None:
    checks = [
        CheckResult("slow", "01_first", "check_a", 2.0, outcome, "Is fast.", share=share)
        for outcome, share in (
            (Outcome.PARTIAL, 0.4),
            (Outcome.FAILED, 0.0),
            (Outcome.UNDECIDED, 0.6),
            (Outcome.PASSED, 1.0),
        )
    ]
    (found,) = hardest_checks(
        SubmissionResult((ExerciseResult("01_first", "check_a", 1.0, 1.0, (check,)),)) for check in checks
    )
    assert (found.failed, found.partly, found.graded) == (1, 2, 4)


def test_statistics_of_a_class() -> None:
    numbers = summarize([0.0, 10.0, 20.0, 30.0, 100.0], 100.0)
    assert numbers is not None
    assert (numbers.mean, numbers.median, numbers.lower_quartile, numbers.upper_quartile) == (32.0, 20.0, 10.0, 30.0)
    assert numbers.histogram == (1, 1, 1, 1, 0, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(("totals", "median"), [([7.0], 7.0), ([4.0, 8.0], 6.0)])
def test_statistics_of_very_few(totals: list[float], median: float) -> None:
    numbers = summarize(totals, 10.0)
    assert numbers is not None
    assert numbers.median == median


def test_nobody_has_no_statistics() -> None:
    assert summarize([], 10.0) is None


def test_csv_has_a_line_for_each_student(report: Report) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert [(line["student"], line["01_first/add_first"], line["total"]) for line in lines] == [
        ("ada", "10", "14"),
        ("bob", "5", "7"),
        ("cem", "10", "10"),
    ]


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-2", "@SUM(1)", "\t=1", "  =1", "\uff1d1"])
def test_a_name_is_no_formula(report: Report, name: str) -> None:
    spoiled = dataclasses.replace(report, rows=(dataclasses.replace(report.rows[0], student=name),))
    [line] = csv.DictReader(io.StringIO(to_csv(spoiled)))
    assert line["student"] == f"'{name}"


def test_a_name_with_line_ends_stays_one_cell(report: Report) -> None:
    name = "ada\r=1+1\n=2+2"
    spoiled = dataclasses.replace(report, rows=(dataclasses.replace(report.rows[0], student=name),))
    [line] = csv.DictReader(io.StringIO(to_csv(spoiled), newline=""))
    assert line["student"] == "ada\\r=1+1\n=2+2"
    to_csv(spoiled).encode()


def test_json_holds_everything(report: Report) -> None:
    read = json.loads(report.to_json())
    assert read["rows"][1]["student"] == "bob"
    assert read["statistics"]["mean"] == pytest.approx(31 / 3)
    assert read["exercises"][2]["manual"] is True


def test_the_table_leaves_open_scores_empty(report: Report) -> None:
    headings, lines = table(report)
    assert dict(zip(headings, lines[0], strict=True))["02_second/why"] == ""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_from_outside_and_runs_nothing(report: Report) -> None:
    page = _Page()
    page.feed(to_html(report))
    names = {tag for tag, _ in page.tags}
    assert {"table", "svg", "rect", "style"} <= names
    assert not names & {"script", "link", "img", "iframe", "object"}
    assert not any({"src", "href", "onclick", "onload"} & set(attributes) for _, attributes in page.tags)


def test_the_page_shows_a_bar_for_each_filled_tenth(report: Report) -> None:
    histogram = re.search(r"<svg role.*?</svg>", to_html(report), re.DOTALL)
    assert histogram is not None
    assert histogram[0].count("<rect") == sum(map(bool, report.statistics.histogram))  # type: ignore[union-attr]


def test_the_page_escapes_what_people_wrote(report: Report) -> None:
    evil = "<img src=x onerror=alert(1)>"
    check = dataclasses.replace(report.hardest[0], requirement=evil, lesson=evil)
    row = dataclasses.replace(report.rows[0], student=evil, handed_in=evil)
    exercise = dataclasses.replace(report.exercises[0], name=evil)
    spoiled = dataclasses.replace(
        report, rows=(row,), hardest=(check,), exercises=(exercise, *report.exercises[1:]), ungraded=(evil,)
    )
    assert "<img" not in to_html(spoiled)


def test_a_page_of_nobody_is_a_page(toy: Toy) -> None:
    assert "Nobody is graded yet" in to_html(build_report(toy.class_folder))


def test_no_gradebook_is_a_sentence(toy: Toy) -> None:
    toy.class_folder.gradebook.unlink()
    with pytest.raises(GradingError, match="no gradebook yet"):
        build_report(toy.class_folder)


def test_a_broken_gradebook_is_a_sentence(toy: Toy) -> None:
    toy.class_folder.gradebook.write_text("this is not a database at all, but it is long enough to look at")
    with pytest.raises(GradingError, match=r"gradebook\.db"):
        build_report(toy.class_folder)
