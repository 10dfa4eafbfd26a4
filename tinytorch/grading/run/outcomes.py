"""Outcomes of single checks, kept under all that each depends on, so that a change reruns only the affected checks.

    results/lessons/LESSON.json         what each check of a lesson found, by the key of the check
    results/lessons/LESSON.cells.json   what the notebook's cells did

LESSON is the hash of all that the lesson's process is given, with grader, limits, sandbox, seed and forced vectors. The
key of a check is the hash of its name and code (`tinytorch.grading.checks.code`). Weights, points and requirements are
in neither: points are computed from outcomes. A race also depends on the machine, and a check that wasn't run for lack
of time on the whole submission; their keys say so.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch import hardware
from tinytorch.course import files
from tinytorch.grading.base.digests import text_digest
from tinytorch.grading.base.result import CellRun, Finding, Outcome

# What a race's timing depends on: the processor as the system describes it. Clock and load change by the minute.
_MACHINE = (
    *("cpu_name", "physical_cores", "usable_cores", "l1d_bytes", "l2_bytes", "l3_bytes", "simd_bytes"),
    *("memory_bytes", "os"),
)


@dataclass(frozen=True, slots=True)
class CellsOfLesson:
    """The runs of a notebook's cells, and the numbers of those that hung or killed their process."""

    runs: tuple[CellRun, ...]
    left_out: frozenset[int]


class KeptLesson:
    """The kept outcomes of one lesson; if the folder is None, nothing is read or written."""

    def __init__(self, folder: Path | None, key: str, submission: str) -> None:
        self._path = None if folder is None else folder / f"{key}.json"
        self._submission = submission
        self._findings = _read_findings(self._path)

    def find(self, check_key: str) -> Finding | None:
        """Returns the kept finding of this check, for a race that of this machine."""
        for key in (check_key, f"{check_key} on {machine_digest()}", f"{check_key} in {self._submission}"):
            if key in self._findings:
                return self._findings[key]
        return None

    def keep(self, check_key: str, finding: Finding, time_is_up: bool) -> Finding:
        """Keeps a finding at once, so that a stopped run resumes after the last finished check. Returns what counts.

        That is another finding if a worker that grades the same notebook kept one meanwhile: a race has one verdict.
        With `time_is_up`, the time for the whole submission may be what ended the check.
        """
        if self._path is None:
            return finding
        key = check_key
        if time_is_up or finding.outcome is Outcome.NOT_RUN:
            key = f"{check_key} in {self._submission}"
        elif finding.races:
            key = f"{check_key} on {machine_digest()}"
        earlier = _read_findings(self._path)
        self._findings = {**self._findings, key: finding, **earlier}
        if key not in earlier:
            _write(self._path, {name: dataclasses.asdict(entry) for name, entry in self._findings.items()})
        return self._findings[key]

    def cells(self) -> CellsOfLesson | None:
        """Returns the runs of the cells when the notebook was last run."""
        raw = None if self._path is None else _read(self._path.with_suffix(".cells.json"))
        if raw is None:
            return None
        runs = tuple(CellRun(**{**run, "outputs": tuple(run["outputs"])}) for run in raw["runs"])
        return CellsOfLesson(runs, frozenset(raw["left_out"]))

    def keep_cells(self, cells: CellsOfLesson) -> None:
        if self._path is not None:
            content = {"runs": [dataclasses.asdict(run) for run in cells.runs], "left_out": sorted(cells.left_out)}
            _write(self._path.with_suffix(".cells.json"), content)


@functools.cache
def machine_digest() -> str:
    """Hash of what a race's timing depends on here."""
    facts = hardware.card().as_dict()
    return text_digest({name: facts[name]["value"] for name in _MACHINE if name in facts})[:16]


def _read_findings(path: Path | None) -> dict[str, Finding]:
    raw = None if path is None else _read(path)
    return {} if raw is None else {key: Finding.from_dict(finding) for key, finding in raw.items()}


def _read(path: Path) -> dict[str, Any] | None:
    """The content of a file of ours; None where it is missing, cut short, or not what was written."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        is_whole = text_digest(entry["content"]) == entry["digest"]
        return entry["content"] if is_whole else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None  # computed again, which is never wrong


def _write(path: Path, content: Mapping[str, object]) -> None:
    plain = json.loads(json.dumps(content))
    files.write_bytes(path, json.dumps({"digest": text_digest(plain), "content": plain}, sort_keys=True).encode())
