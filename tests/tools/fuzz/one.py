"""Runs one target under atheris: `python -m tests.tools.fuzz.one TARGET CORPUS [libFuzzer options]`."""

from __future__ import annotations

import sys

import atheris

# What decides over bytes from outside is watched for new paths; numpy, json and nbformat are not, for speed.
with atheris.instrument_imports(
    include=[
        "tinytorch.grading.sandbox.inside.wire",
        "tinytorch.grading.sandbox.inside.fields",
        "tinytorch.grading.sandbox.inside.messages",
        "tinytorch.grading.sandbox.inside.values",
        "tinytorch.grading.sandbox.outputs",
        "tinytorch.notebooks.code",
        "tinytorch.text",
        "tinytorch.grading.checks.check",
        "tinytorch.grading.collect.owners",
        "tinytorch.grading.collect.archives",
        "tinytorch.grading.handed_in.frame",
        "tinytorch.grading.handed_in.notebook",
        "tinytorch.grading.report.class_report",
        "tinytorch.grading.gradebook.safe_markdown",
        "zipfile",
    ]
):
    from .targets import TARGETS


def main() -> None:
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
