"""What a run of the command line came to, and how to run it as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

# -P keeps the working folder, where a tiny kit has its own tinytorch, out of the import path.
COMMAND = (sys.executable, "-P", "-m", "tinytorch.tito")


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tito = Callable[..., Done]


def environment(root: Path = ROOT) -> dict[str, str]:
    """The tinytorch at `root` before any that is installed."""
    return {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"}


def as_process(*arguments: str, at: Path, root: Path = ROOT, timeout_s: float = 120) -> Done:
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=at, env=environment(root), capture_output=True, text=True, timeout=timeout_s
    )
    return Done(done.returncode, done.stdout, done.stderr)
