"""`python -m tests.tools.fuzz [--seconds S] [--seed N] [TARGET ...]`: what `make fuzz` runs.

What is found lies as one file for each input in fuzz-results/TARGET; copy it to findings/TARGET here, where the
test suite tries it forever after, and fix the cause. The exit code is 1 when something was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

from .seeds import seeds
from .targets import TARGETS

LONGEST_BYTES = 1 << 14
SLOWEST_S = 20
RESULTS = Path("fuzz-results")


def fuzz(target: str, seconds: int, seed: int) -> dict[str, object]:
    """One run: executions, seconds, and the inputs that raised."""
    corpus, found = RESULTS / target / "corpus", RESULTS / target / "found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(data)
    before = set(found.iterdir())
    options = {
        "max_total_time": seconds,
        "seed": seed,
        "max_len": LONGEST_BYTES,
        "timeout": SLOWEST_S,
        "artifact_prefix": f"{found}/",
        "print_final_stats": 1,
        "rss_limit_mb": 4096,
    }
    command = [sys.executable, "-m", "tests.tools.fuzz.one", target, str(corpus)]
    command += [f"-{name}={value}" for name, value in options.items()]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    (RESULTS / target / "log.txt").write_text(done.stdout + done.stderr)
    executions = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    found_now = sorted(str(path) for path in set(found.iterdir()) - before)
    if done.returncode and not found_now:
        raise SystemExit(f"the run of {target} failed; its words are in {RESULTS / target / 'log.txt'}")
    return {
        "target": target,
        "executions": int(executions[1]) if executions else 0,
        "covered": int(covered[-1]) if covered else 0,
        "seconds": seconds,
        "seed": seed,
        "found": found_now,
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (60)")
    parser.add_argument("--seed", type=int, default=13, help="what the fuzzer's choices are drawn from (13)")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.targets) - set(TARGETS))
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}")
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed; `make fuzz` installs it where it can be had", file=sys.stderr)
        return 2
    runs = []
    for target in given.targets or TARGETS:
        runs.append(fuzz(target, given.seconds, given.seed))
        print("{target:10} {executions:10,} executions in {seconds} s, seed {seed}".format(**runs[-1]), flush=True)
        for path in runs[-1]["found"]:
            print(f"    found: {path}")
    (RESULTS / "runs.json").write_text(json.dumps(runs, indent=1))
    return 1 if any(run["found"] for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
