"""The child process of `tinytorch.course.visible`: runs the cells of one notebook and reports how each ended.

Started by path in a process of its own: `python -I cell_runner.py JOB`. JOB is a JSON file with `tools` (where this
`tinytorch` lies), `path` (what goes on `sys.path` for the cells) and `cells` (each `[number, source]`). One JSON line
goes out before the first cell, one after each, on the stdout this process was started with; output of the cells is
discarded.

The cells run in the shell that grading uses, `tinytorch.notebooks.shell`: real files for cells, magics, input()
refused, the same backend of Matplotlib. Other than in grading, nothing is isolated, time is the only limit, and
`tinytorch`, with the student's exported package, is that of the kit.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[..., None]


def main(job: Path) -> None:
    """Runs the cells of `job` in order, in one namespace, as Jupyter does."""
    order = json.loads(job.read_text(encoding="utf-8"))
    sys.argv[1:] = []
    say = _take_stdout()
    shell = _open_shell(order["tools"], job.with_name("cells"))
    sys.path[:] = ["", *order["path"]]
    say(ready=True)
    for number, source in order["cells"]:
        raised = shell.run(str(number), source).raised
        say(cell=number, error=None if raised is None else _described(raised))


def _take_stdout() -> Say:
    """Keeps the original stdout for reports and redirects both streams of the cells to the null device."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)

    def say(**message: object) -> None:
        report.write(json.dumps(message) + "\n")
        report.flush()

    return say


def _open_shell(tools: str, cells: Path) -> Any:
    """The shell from the `tinytorch` in `tools`; the cells' own `import tinytorch` then starts afresh."""
    cells.mkdir()
    sys.path.insert(0, tools)
    from tinytorch.notebooks.outputs import OutputLimits
    from tinytorch.notebooks.shell import open_shell

    shell = open_shell(cells, OutputLimits(text_chars=0, image_chars=0))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tinytorch"]:
        del sys.modules[name]
    return shell


def _described(raised: Any) -> dict[str, object]:
    places = [(int(place.cell), place.line) for place in raised.places]
    return {"kinds": list(raised.kinds), "words": raised.reason, "places": places}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
