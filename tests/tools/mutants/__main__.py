"""`make mutants`: grades mutants of the reference solutions and says which lost nothing. A stopped run goes on."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.tools.mutants.checks import checks_hash
from tests.tools.mutants.grade import Verdict, judge
from tests.tools.mutants.mutants import Mutant, all_mutants, chosen, reference_notebooks
from tests.tools.mutants.record import Record, explained, report
from tinytorch.errors import TinyTorchError

COUNT, SEED = 160, 13


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    everything = all_mutants(reference_notebooks())
    mutants = chosen(everything, given.count, given.seed)
    if given.only:
        mutants = [each for each in everything if given.only in (each.key, each.exercise, each.lesson)][: given.count]
    if given.list:
        print("\n\n".join(f"{each.key}  {each.lesson} {each.exercise}  ({each.rule})\n{each.diff}" for each in mutants))
        return 0
    record = Record(given.to / "verdicts.jsonl")
    verdicts, faults = run(mutants, record, given.jobs, given.seed, given.survivors)
    text = report(mutants, verdicts, explained(), given.seed, faults)
    (given.to / "report.txt").write_text(text, encoding="utf-8")
    print(text)
    is_open = any(not each.failed and each.key not in explained() for each in verdicts.values())
    return 1 if faults or is_open else 0


def run(
    mutants: Iterable[Mutant], record: Record, jobs: int, seed: int, only_survivors: bool = False
) -> tuple[dict[str, Verdict], list[str]]:
    """The verdict of each mutant, from the record where it has one by the checks of now; and what was not graded.

    With `only_survivors` a mutant that lost points by older checks has lost: for checks that were only made stricter.
    """
    kept = record.read()
    checks = {mutant.key: checks_hash(mutant.lesson) for mutant in mutants}
    verdicts = {key: kept[key, by] for key, by in checks.items() if (key, by) in kept}
    if only_survivors:
        verdicts |= {key: verdict for (key, _), verdict in kept.items() if key in checks and verdict.failed}
    faults: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        waiting = {
            pool.submit(judge, mutant, Path(folder) / mutant.key, seed): mutant
            for mutant in mutants
            if mutant.key not in verdicts
        }
        for number, done in enumerate(as_completed(waiting), start=1):
            mutant = waiting[done]
            try:
                verdict = done.result()
            except TinyTorchError as err:
                faults.append(str(err))
                continue
            verdicts[mutant.key] = verdict
            record.add(verdict, checks[mutant.key])
            print(f"{number} of {len(waiting)}  {_line(mutant, verdict)}", file=sys.stderr, flush=True)
    return verdicts, faults


def _line(mutant: Mutant, verdict: Verdict) -> str:
    became = f"lost {verdict.lost:g}" if verdict.failed else "survived"
    return f"{mutant.key} {mutant.exercise} ({mutant.rule}): {became}, {verdict.seconds:.0f} s"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=SEED, help="of the draw and of the checks' inputs")
    parser.add_argument("--jobs", type=int, default=2, help="how many are graded at a time")
    parser.add_argument("--only", help="the mutants of this lesson or exercise, or the one of this key")
    parser.add_argument("--survivors", action="store_true", help="take what lost points by older checks as lost")
    parser.add_argument("--list", action="store_true", help="print the mutants that would be graded, and stop")
    parser.add_argument("--to", type=Path, default=Path("mutation-results"), help="folder of verdicts and report")
    return parser


if __name__ == "__main__":
    sys.exit(main())
