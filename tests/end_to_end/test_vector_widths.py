"""The reference solution earns every point where vectors are narrow, too; the marking guide tells how to try others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .conftest import Checkout

pytestmark = pytest.mark.slow

MODULE = "13_kernels"


@pytest.mark.parametrize("lesson", ["02", "03", "04", "05"])
@pytest.mark.parametrize("width", ["16"])
def test_the_reference_earns_every_point_at_a_forced_width(released: Checkout, lesson: str, width: str) -> None:
    command = [
        *(sys.executable, "-m", "tinytorch.grading.one", f"assignments/source/{MODULE}"),
        *("--release", f"assignments/release/{MODULE}", "--hidden", f"tests/hidden/{MODULE}"),
        *("--only", f"test_{lesson}"),
    ]
    environment = {**released.environment(), "TINYTORCH_SIMD_BYTES": width}
    done = subprocess.run(command, cwd=released.root, env=environment, capture_output=True, text=True, timeout=600)
    earned, points = done.stdout.splitlines()[-1].split(" points in ")[0].split(" of ")
    assert (done.returncode, earned) == (0, points), done.stdout + os.linesep + done.stderr
