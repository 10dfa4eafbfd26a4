"""The `tito` application and its one error boundary.

Exit codes: 0 done and passed, 1 bad input or a failed check, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from tinytorch import __version__
from tinytorch.errors import TinyTorchError
from tinytorch.text import os_error_sentence
from tinytorch.tito import export, marks, module, new, render, system, test

app = typer.Typer(
    name="tito",
    help="Build, check, release and grade the modules of TinyTorch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(module.app, name="module")
app.add_typer(marks.app, name="grade")
app.add_typer(system.app, name="system")
module.app.command("new")(new.new)
app.command("export")(export.export)
app.command("test")(test.test)

_INTERRUPTED = "interrupted; what was finished is kept, and the same command goes on from there."
_SEE_MORE = "Run it again as `tito --debug ...` to see where it happened."

# Set by --debug; read by the error boundary after Typer has parsed and run everything.
_debug = False


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"tito {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    global _debug
    _debug = debug


def main(args: list[str] | None = None) -> None:
    """Run `tito`; every error ends here as one sentence on stderr, with its traceback only after --debug."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a character that the terminal cannot show must not end a command
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=args)
    except KeyboardInterrupt:
        _stop(_INTERRUPTED, 130)
    except SystemExit as stop:
        # Typer itself turns Ctrl-C into exit code 130, silently.
        if stop.code == 130:
            _stop(_INTERRUPTED, 130)
        raise
    except TinyTorchError as error:
        _stop(str(error), 1, error)
    except OSError as error:
        _stop(os_error_sentence(error), 1, error)
    except Exception as error:
        _stop(f"unexpected {type(error).__name__}: {error}. {_SEE_MORE}", 1, error)


def _stop(sentence: str, code: int, error: BaseException | None = None) -> None:
    if _debug and error is not None:
        raise error
    render.problem(f"tito: {sentence}")
    sys.exit(code)
