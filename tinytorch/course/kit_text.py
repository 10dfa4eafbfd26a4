"""The kit's own README and pyproject.toml, written from the checkout's facts."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinytorch.course.module_facts import ModuleFacts
from tinytorch.course.names import Lesson, Module

_README = """\
# {title}: the student kit

{description}

{count}, worked on in Jupyter, checked and put together by `tito`.

## Set up, once

You need Python {python} or newer. In this folder:

```
python3 -m venv .venv
source .venv/bin/activate         # Windows: .venv\\Scripts\\activate
pip install -e .
tito system doctor                # says what is missing, and how to fix it
```

## Work

```
tito module start {number}              # puts the notebooks in place; never overwrites yours
jupyter lab notebooks/{module}
```

Each exercise has its task, a question to answer before you start, a cell for your code, and a check. A function
that you have not written yet says so: `NotImplementedError: NAME: not written yet`. Leave the check cells as they are.

```
tito module test {short}/{example}        # runs the checks of one lesson, in a fresh process
tito module complete {short}/{example}    # the same, and puts your functions into your package when they pass
tito module status                 # what is done, and what changed since
```

Lessons build on each other: after `complete`, `from tinytorch.core.{short} import ...` gives your own functions, and
later lessons use them. A lesson is named by number or name: `{number}/{example}`, `{short}/{example}`,
`{module}/{second}`.

| lesson | notebook |
| --- | --- |
{lessons}
{required}
## Begin again

`tito module reset {short}/{example}` puts the untouched notebook back and keeps yours under `backups/`.

## Hand in

`tito module submit {number}` writes one zip file with your notebooks and says where. Nothing is sent: upload the file
where your course asks for it.

## Trouble

An error message names notebook, cell and line; the number of a cell is the one that Jupyter shows in brackets after
Restart Kernel and Run All Cells. `tito --debug ...` shows the whole traceback. What is yours here: `notebooks/` and
`tinytorch/core/{short}/`. Leave `originals/` alone: `reset` needs it.
"""


_REQUIRED = """
## What the lessons import

The lessons import {packages}, which you write in {modules}. If you did that in a kit, copy everything in this folder
into that kit's folder: what you exported there stays as it is. If not, `tito module start` puts the package in place as
it was given out; what you would have written there says `not written yet`.
"""


def readme(
    module: Module, facts: ModuleFacts, lessons: Sequence[Lesson], required: Sequence[Module], requires_python: str
) -> str:
    """One page for a student who has just unpacked the kit."""
    example = lessons[min(1, len(lessons) - 1)]
    rows = "\n".join(f"| {lesson.number} {lesson.short} | `notebooks/{lesson}.ipynb` |" for lesson in lessons)
    return _README.format(
        title=facts.title,
        description=facts.description,
        python=requires_python.lstrip(">="),
        count="One lesson" if len(lessons) == 1 else f"{len(lessons)} lessons",
        module=module.name,
        number=module.number,
        short=module.short,
        example=example.number,
        second=example.name,
        lessons=rows,
        required=_required(required),
    )


def _required(required: Sequence[Module]) -> str:
    packages = " and ".join(f"`{each.package}`" for each in required)
    return _REQUIRED.format(packages=packages, modules=" and ".join(map(str, required))) if required else ""


def pyproject(project: dict[str, Any], facts: ModuleFacts) -> str:
    """The kit's build and nbdev settings; what students need to install is what the checkout's base install needs."""
    dependencies = "".join(f"    {json.dumps(name)},\n" for name in project["dependencies"])
    return f"""\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = {json.dumps(project["name"])}
version = {json.dumps(project["version"])}
description = {json.dumps(f"{facts.title}: the student kit.")}
readme = "README.md"
requires-python = {json.dumps(project["requires-python"])}
license = {json.dumps(project["license"])}
license-files = ["LICENSE"]
dependencies = [
{dependencies}]

[project.scripts]
tito = {json.dumps(project["scripts"]["tito"])}

[tool.setuptools.packages.find]
include = ["tinytorch*"]

[tool.nbdev]
lib_path = "tinytorch"
nbs_path = "notebooks"
recursive = true
clean_ids = true
put_version_in_init = false
update_pyproject = false
export_procs = ["tinytorch.course.nbdev_steps:ExportLesson"]
"""


def project_table(root: Path) -> dict[str, Any]:
    """The `[project]` table of the checkout's pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table
