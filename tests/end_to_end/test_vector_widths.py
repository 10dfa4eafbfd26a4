"""The reference solution earns every point, those of speed too, on every processor that the environment can feign.

Run by `make widths`, on a quiet machine; not by `make test`.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .conftest import Checkout

pytestmark = [pytest.mark.slow, pytest.mark.widths]

MODULE = "13_kernels"


@pytest.mark.parametrize("lesson", ["02", "03", "04", "05"])
@pytest.mark.parametrize("setting", ["BYTES=16", "BYTES=32", "BYTES=64", "REGISTERS=32", "DOT4=0"])
def test_the_reference_earns_every_point_at_a_forced_width(released: Checkout, lesson: str, setting: str) -> None:
    command = [
        *(sys.executable, "-m", "tinytorch.grading.run.submission", f"assignments/source/{MODULE}"),
        *("--release", f"assignments/release/{MODULE}", "--hidden", f"tests/hidden/{MODULE}"),
        *("--bands", f"modules/{MODULE}/bands.toml"),
        *("--only", f"test_{lesson}"),
    ]
    name, _, value = setting.partition("=")
    environment = {**released.environment(), f"TINYTORCH_SIMD_{name}": value}
    done = subprocess.run(command, cwd=released.root, env=environment, capture_output=True, text=True, timeout=600)
    earned, points = done.stdout.splitlines()[-1].split(" points in ")[0].split(" of ")
    assert (done.returncode, earned) == (0, points), done.stdout + os.linesep + done.stderr
