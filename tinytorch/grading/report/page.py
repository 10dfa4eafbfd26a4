"""The report as one self-contained page: no script, no outside file, everything that came from people escaped."""

from __future__ import annotations

from html import escape

from tinytorch.grading.report.class_report import BINS, FailedCheck, Report, Row, Statistics

MAX_CHECKS = 25

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --line: #d8dde4; --page: #fff; --bar: #3b6ea8;
  --low: #b3432f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --line: #36404d; --page: #14181e;
  --bar: #7aa9dd; --low: #e08a76; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 92rem; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p, caption { color: var(--soft); } dl { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 1rem 0; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, .text { text-align: left; } .text { white-space: normal; max-width: 34rem; }
thead th { vertical-align: bottom; font-size: .82rem; } .turned { writing-mode: vertical-rl; transform: rotate(180deg);
  text-align: left; max-height: 20rem; } td.none { color: var(--low); } td.total { font-weight: 600; }
tfoot td { color: var(--soft); } svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg rect { fill: var(--bar); } svg line { stroke: var(--line); }
"""


def to_html(report: Report) -> str:
    """The whole page."""
    title = f"{report.module}: scores"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>\n"
        f"<h1>{escape(title)}</h1><p>Made {escape(report.made)}, out of {_number(report.points)} points.</p>\n"
        f"{_summary(report)}{_scores(report)}{_by_exercise(report)}{_checks(report)}{_ungraded(report)}"
        "</body></html>\n"
    )


def _summary(report: Report) -> str:
    numbers = report.statistics
    if numbers is None:
        return "<p>Nobody is graded yet.</p>\n"
    facts = {
        "students": str(numbers.students),
        "mean": _number(numbers.mean),
        "median": _number(numbers.median),
        "quartiles": f"{_number(numbers.lower_quartile)} to {_number(numbers.upper_quartile)}",
        "range": f"{_number(numbers.lowest)} to {_number(numbers.highest)}",
        "answers to grade by hand": str(sum(row.waiting for row in report.rows)),
    }
    terms = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())
    return f"<dl>{terms}</dl>\n<h2>Totals</h2>\n{_histogram(numbers, report.points)}\n"


def _histogram(numbers: Statistics, points: float) -> str:
    """Students over total score: one bar for each tenth of the points, its count above it."""
    width, height, left, bottom = 640, 240, 34, 40
    tallest = max(numbers.histogram)
    step, unit = (width - left) / BINS, (height - bottom - 24) / tallest
    parts = [f'<line x1="{left}" y1="{height - bottom}" x2="{width}" y2="{height - bottom}"/>']
    for at, count in enumerate(numbers.histogram):
        x, tall = left + at * step, count * unit
        top = height - bottom - tall
        if count:
            parts.append(f'<rect x="{x + 3:.1f}" y="{top:.1f}" width="{step - 6:.1f}" height="{tall:.1f}" rx="2"/>')
            parts.append(f'<text x="{x + step / 2:.1f}" y="{top - 5:.1f}" text-anchor="middle">{count}</text>')
    for at in range(BINS + 1):
        x, label = left + at * step, _number(points * at / BINS)
        anchor = "end" if at == BINS else "middle"
        parts.append(f'<text x="{x:.1f}" y="{height - bottom + 16}" text-anchor="{anchor}">{label}</text>')
    parts.append(f'<text x="{(left + width) / 2}" y="{height - 6}" text-anchor="middle">total, points</text>')
    turned = f'transform="rotate(-90 12 {height / 2})"'
    parts.append(f'<text x="12" y="{height / 2}" text-anchor="middle" {turned}>students</text>')
    description = f"Students by total: {', '.join(map(str, numbers.histogram))} from lowest to highest tenth"
    head = (
        f'<svg role="img" aria-label="{description}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    )
    return head + "".join(parts) + "</svg>"


def _scores(report: Report) -> str:
    if not report.rows:
        return ""
    heads = "".join(
        f'<th><span class="turned">{escape(item.name)} ({_number(item.points)})</span></th>'
        for item in report.exercises
    )
    sums = "".join(f"<th>{name}</th>" for name in ("total", "automatic", "by hand", "late", "waiting"))
    rows = "".join(map(_row, report.rows))
    means = "".join(f"<td>{_score(mean)}</td>" for mean in report.means)
    foot = f'<tr><td>mean</td><td colspan="5"></td>{means}<td></td></tr>'
    return (
        f'<h2>Students</h2><div class="wide"><table><thead><tr><th>student</th>{sums}{heads}'
        f"<th>handed in</th></tr></thead><tbody>{rows}</tbody><tfoot>{foot}</tfoot></table></div>\n"
    )


def _row(row: Row) -> str:
    scores = "".join(f'<td class="none">{_score(s)}</td>' if s == 0 else f"<td>{_score(s)}</td>" for s in row.scores)
    late = f"-{_number(row.late_penalty)}" if row.late_penalty else ""
    return (
        f'<tr><td>{escape(row.student)}</td><td class="total">{_number(row.total)}</td>'
        f"<td>{_number(row.automatic)}</td><td>{_number(row.manual)}</td><td>{late}</td>"
        f"<td>{row.waiting or ''}</td>{scores}<td>{escape(row.handed_in)}</td></tr>"
    )


def _by_exercise(report: Report) -> str:
    """Each exercise's mean as a share of its points."""
    known = [(item, mean) for item, mean in zip(report.exercises, report.means, strict=True) if mean is not None]
    if not known:
        return ""
    lines = []
    for item, mean in known:
        share = mean / item.points if item.points else 0.0
        bar = f'<svg width="200" height="12"><rect width="{200 * share:.1f}" height="12" rx="2"/></svg>'
        lines.append(
            f'<tr><td>{escape(item.lesson)}</td><td class="text">{escape(item.name)}</td><td>{_number(mean)}</td>'
            f'<td>{_number(item.points)}</td><td class="text">{bar}</td></tr>'
        )
    head = '<th>lesson</th><th class="text">exercise</th><th>mean</th><th>points</th><th class="text">share</th>'
    return f"<h2>Exercises</h2><table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>\n"


def _checks(report: Report) -> str:
    if not report.hardest:
        return ""
    lines = "".join(map(_check, report.hardest[:MAX_CHECKS]))
    head = '<th>exercise</th><th class="text">requirement</th><th>not passed</th><th>in part</th><th>of</th>'
    return f"<h2>Checks most often failed</h2><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>\n"


def _check(check: FailedCheck) -> str:
    name = check.grade_id.removeprefix("check_")
    return (
        f'<tr><td>{escape(check.lesson)}/{escape(name)}</td><td class="text">{escape(check.requirement)}</td>'
        f"<td>{check.failed}</td><td>{check.partly}</td><td>{check.graded}</td></tr>"
    )


def _ungraded(report: Report) -> str:
    if not report.ungraded:
        return ""
    return f"<h2>Handed in, not graded</h2><p>{', '.join(map(escape, report.ungraded))}</p>\n"


def _score(score: float | None) -> str:
    return "" if score is None else _number(score)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
