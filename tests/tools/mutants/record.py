"""What a mutation run leaves: a line for each verdict, so that a stopped run goes on, and a report."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.tools.mutants.grade import Verdict
from tests.tools.mutants.mutants import Mutant

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def explained(path: Path = EQUIVALENT) -> dict[str, str]:
    """Why a mutant of that key is right, or why it can't be told from a right one."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    return {key: entry["why"] for key, entry in entries.items()}


class Record:
    """The verdicts of a run in a file of JSON lines, each with the hash of the checks that it is by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[tuple[str, str], Verdict]:
        """Verdicts by key and hash of checks; a line that a stopped run left half written is passed over."""
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else ():
            if line.endswith("}"):
                entry = json.loads(line)
                by = entry.pop("checks")
                entry["failed"] = tuple(entry["failed"])
                found[entry["key"], by] = Verdict(**entry)
        return found

    def add(self, verdict: Verdict, checks: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**dataclasses.asdict(verdict), "checks": checks}) + "\n")


def report(
    mutants: Sequence[Mutant],
    verdicts: Mapping[str, Verdict],
    reasons: Mapping[str, str],
    seed: int,
    faults: Iterable[str],
) -> str:
    """The run as text: how many lost points, by what, and every survivor with its diff."""
    judged = [(mutant, verdicts[mutant.key]) for mutant in mutants if mutant.key in verdicts]
    lost = [verdict for _, verdict in judged if verdict.failed]
    survivors = [mutant for mutant, verdict in judged if not verdict.failed]
    open_ones = [mutant for mutant in survivors if mutant.key not in reasons]
    lines = [
        f"{len(judged)} of {len(mutants)} mutants graded, drawn with seed {seed}",
        f"{len(lost)} lost points ({len(lost) / max(len(judged), 1):.1%}), {sum(each.is_by_speed for each in lost)} of "
        "them in races only",
        f"{len(survivors)} survived, {len(survivors) - len(open_ones)} of them explained in {EQUIVALENT.name}",
        f"of those that are faults, {len(lost) / max(len(lost) + len(open_ones), 1):.1%} lost points",
        "",
        *_table("exercise", judged),
        "",
        *_table("rule", judged),
    ]
    for title, group in (("Survivors without an explanation", open_ones), ("Explained survivors", survivors)):
        shown = [mutant for mutant in group if group is open_ones or mutant.key in reasons]
        lines += ["", f"{title}: {len(shown)}"] if shown else []
        for mutant in shown:
            lines += ["", f"{mutant.key}  {mutant.lesson} {mutant.exercise} {mutant.function}  ({mutant.rule})"]
            lines += [f"    {line}" for line in mutant.diff.split("\n")]
            lines += [f"    {reasons[mutant.key]}"] if mutant.key in reasons else []
    lines += [f"not graded: {fault}" for fault in faults]
    return "\n".join(lines) + "\n"


def _table(attribute: str, judged: Sequence[tuple[Mutant, Verdict]]) -> list[str]:
    """Lost of graded, for each exercise or rule."""
    graded = Counter(getattr(mutant, attribute) for mutant, _ in judged)
    lost = Counter(getattr(mutant, attribute) for mutant, verdict in judged if verdict.failed)
    return [f"{lost[name]:4} of {count:3}  {name}" for name, count in graded.items()]
