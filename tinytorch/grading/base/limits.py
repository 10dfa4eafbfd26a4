"""The limits at which a submission is stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds are wall clock on the grader's side, except `cpu_s`; sizes are in bytes."""

    start_s: float = 60.0  # a student process from launch to its first message
    cell_s: float = 45.0  # one cell of the notebook
    call_s: float = 20.0  # one call of a function
    lesson_s: float = 240.0  # all cells of one notebook, restarts included
    submission_s: float = 1200.0  # everything
    cpu_s: int = 600  # CPU time of one student process
    restarts: int = 12  # of one lesson's process
    strikes: int = 2  # time-outs or deaths after which a function is not called again
    memory_bytes: int = 4096 * MIB  # address space of one process
    all_memory_bytes: int = 6144 * MIB  # resident memory of all processes of a lesson together
    file_bytes: int = 256 * MIB  # one file
    tmp_bytes: int = 512 * MIB  # the private /tmp
    processes: int = 128  # processes and threads together
    open_files: int = 256
    message_bytes: int = 64 * MIB  # arrays of one message
    header_bytes: int = 8 * MIB  # text of one message
    cell_text_chars: int = 64 * 1024  # printed text kept of one cell
    cell_image_chars: int = 1024 * 1024  # encoded pictures kept of one cell
    threads: int = min(8, os.cpu_count() or 1)  # NUMBA_NUM_THREADS; BLAS gets one, so that timings compare
