"""Well-formed inputs for each target, which a fuzzer changes bit by bit; the same bytes every time."""

from __future__ import annotations

import io
import json
import warnings
import zipfile

import nbformat
import numpy as np

from tinytorch.grading.sandbox.inside.messages import to_message
from tinytorch.grading.sandbox.inside.protocol import (
    Called,
    CellRan,
    Done,
    Failed,
    Held,
    Missing,
    Placed,
    Ready,
    Reply,
    Timed,
    Value,
)
from tinytorch.grading.sandbox.inside.values import Packer
from tinytorch.grading.sandbox.inside.wire import Message, encode

from . import targets

VALUES = (
    np.arange(3.0),
    (np.ones((2, 2), np.int8), 3),
    {"key": [1, 2.5, None, True, 1j], (1, "x"): np.float32(2)},
    "text",
    10**40,
    float("nan"),
    object(),
)
NAMES = (
    "Ada Lovelace_12345_assignsubmission_file_01_first",
    "lovelaceada_LATE_123_456_02_second-1",
    "ada_13_kernels-2026-11-22-190000 (2)-Copy1",
    "=cmd|'/C calc'!A0",
    "@SUM(1)",
    "\t-1+1",
    "<script>alert(1)</script>",
    "..",
    "../../etc/passwd",
    "a\u202eb\u0000c",
)


def seeds(target: str) -> list[bytes]:
    """The inputs that a run of that target starts from."""
    return {
        "message": [b"".join(bytes(part) for part in encode(each)) for each in _messages()],
        "reply": [bytes(encode(Message(each.header))[1]) for each in _messages()],
        "notebook": _notebooks(),
        "archive": _archives(),
        "name": [text.encode() for text in NAMES],
    }[target]


def _messages() -> list[Message]:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "x"},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
        {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 1},
    ]
    replies: list[Reply] = [
        CellRan("error", "w", tuple(outputs)),
        Failed("ValueError", "ValueError", "m", "w", "c", "t"),
        Timed(["list", [["array", 0]]], (Placed("<f8", (3,), 4096),), call_s=0.5, copy_s=0.25),
        Held(3),
        *(Ready(), Done(), Missing()),
    ]
    for value in VALUES:
        packer = Packer()
        tree = packer.pack(value)
        replies.append(Value(tree, tuple(packer.arrays)))
        replies.append(Called(tree, packer.pack((value, 1)), packer.pack({"a": value}), 0, tuple(packer.arrays)))
    return [to_message(reply, targets.REQUEST) for reply in replies]


def _notebooks() -> list[bytes]:
    release = targets._release()
    whole = nbformat.writes(release)
    bare = json.loads(whole)
    for cell in bare["cells"]:
        cell.pop("id")
        cell["metadata"] = {}
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "level": 2, "source": ["x"]}]}]}
    picture = {
        "cell_type": "markdown",
        "source": "![](attachment:a.png) <b>x</b>",
        "attachments": {"a.png": {"image/png": "AA"}},
    }
    twice = {**json.loads(whole), "cells": [*json.loads(whole)["cells"] * 2, picture]}
    made = [whole, *map(json.dumps, (bare, old, twice))]
    return [*(text.encode() for text in made), whole.encode("utf-16"), b"\xef\xbb\xbf" + whole.encode()]


def _archives() -> list[bytes]:
    members = (
        [("13_kernels/01_first.ipynb", b"{}")],
        [("../evil.ipynb", b"1"), ("/etc/evil", b"2"), ("C:\\evil", b"3")],
        [("a.ipynb", b"1"), ("a.ipynb", b"2"), ("__MACOSX/a", b"3")],
        [("inner.zip", _zip([("bob/a.ipynb", b"1" * 1000)], zipfile.ZIP_DEFLATED))],
    )
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)
    return [_zip(each, method) for each in members for method in methods]


def _zip(members: list[tuple[str, bytes]], method: int) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")  # of members with the same name
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, compress_type=method)
    return out.getvalue()
