"""`tito test --module NAME`: the same as `tito module test NAME`."""

from __future__ import annotations

from typing import Annotated

import typer

from tinytorch.tito import module as module_group
from tinytorch.tito.system import JsonOption


def test(
    module: Annotated[str, typer.Option("--module", "-m", help="A module or lesson: 07_name, name/02, ...")],
    json: JsonOption = False,
) -> None:
    """Run the visible checks of a module or lesson."""
    module_group.run_tests(module, json)
