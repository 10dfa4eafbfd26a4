"""The command: parses, runs, prints, writes. `python -m tests.tools.benchmarks --help` says what it takes."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

from . import catalogue, record, report, suite
from .bars import Standing
from .case import FULL, QUICK

ROOT = Path(__file__).parents[3]


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="part of a name, or a glob")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and samples: minutes become one or two")
    parser.add_argument("--to", type=Path, default=ROOT / "bench-results", metavar="DIR", help="where results go")
    parser.add_argument("--list", action="store_true", help="print the names of all comparisons, and stop")
    parser.add_argument("--table", action="store_true", help="print the table of the last run, and stop")
    parser.add_argument("--markdown", action="store_true", help="print it as Markdown, and stop")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: ran, however slow; 1: a kernel was wrong, raised or died, or a run to print is missing; 2: usage; 130: cut."""
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    if options.list:
        print("\n".join(case.name for case in catalogue.all_cases()))
        return 0
    if options.table or options.markdown:
        return show_again(options.to, options.markdown)
    return benchmark(options)


def benchmark(options: argparse.Namespace) -> int:
    """Run, print the table, write the JSON and the figures."""
    effort = QUICK if options.quick else FULL
    started = f"{datetime.datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    found, interrupted = suite.Run(), False
    try:
        suite.run(options.only, effort, lambda text: print(text, file=sys.stderr, flush=True), found)
    except KeyboardInterrupt:
        interrupted = True  # what was measured so far is printed and written all the same
    found.rows = suite.in_order(found.rows)
    if not found.rows and not found.figures:
        print(f"nothing is called {' or '.join(options.only)}; --list prints the names", file=sys.stderr)
        return 2
    options.to.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python -m tests.tools.benchmarks", *(f"--only {name!r}" for name in options.only)])
    data = record.recorded(found.rows, found.worlds, found.sweeps, effort, started, command)
    report.show(found.rows)
    paths = [record.write(data, options.to)]
    if found.figures:
        from .figures import draw

        paths += draw(found.figures, found.sweeps, options.to)
    print("\n".join(f"wrote {path}" for path in paths))
    failed = [row for row in found.rows if row.standing is Standing.FAILED]
    for row in failed:
        print(f"failed: {row.name}: {row.why}", file=sys.stderr)
    return 130 if interrupted else int(bool(failed))


def show_again(folder: Path, as_markdown: bool) -> int:
    """Print the table of a run that was written."""
    try:
        data = record.read(folder)
    except (FileNotFoundError, ValueError) as err:
        print(err, file=sys.stderr)
        return 1
    rows = record.rows_of(data)
    if as_markdown:
        print(report.markdown(rows, data))
    else:
        report.show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
