"""Entry of a student process: confine itself, open the shell, answer requests until the grader hangs up."""

from __future__ import annotations

import faulthandler
import gc
import os
import socket
import sys
from pathlib import Path

from .confine import confine
from .settings import Settings
from .shell import OpenShell


def main(open_shell: OpenShell) -> None:
    """`sys.argv[1]` holds the settings; the socket to the grader is the descriptor that they name."""
    settings = Settings.from_argument(sys.argv[1])
    sys.argv[1:] = []
    confine(settings)
    faulthandler.enable(file=2)
    from .calls import Requests
    from .serve import serve

    cells_dir = Path(settings.cells_dir)
    shell = open_shell(cells_dir, settings.cell_text_chars, settings.cell_image_chars)
    os.set_inheritable(settings.arena_fd, False)
    requests = Requests(shell, cells_dir, settings.arena_fd)
    gc.freeze()
    os.set_inheritable(settings.wire_fd, False)
    with socket.socket(fileno=settings.wire_fd) as wire:
        serve(wire, requests, settings)
    os._exit(0)
