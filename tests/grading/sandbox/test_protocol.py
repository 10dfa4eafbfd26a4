"""What is said on the wire arrives as it was said, and what is not exactly that is refused."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch.grading.sandbox.inside import protocol
from tinytorch.grading.sandbox.inside.fields import kinds_of, write_record
from tinytorch.grading.sandbox.inside.messages import REPLIES, REQUESTS, expect, read_reply, read_request, to_message
from tinytorch.grading.sandbox.inside.protocol import (
    LARGEST,
    MAX_OUTPUTS,
    NAME_CHARS,
    SOURCE_CHARS,
    TRACEBACK_CHARS,
    WORDS_CHARS,
    Called,
    CallFunction,
    CellCode,
    CellRan,
    Define,
    Done,
    Failed,
    GetAttribute,
    GivenCell,
    Held,
    Input,
    LessonCode,
    Missing,
    Packages,
    Placed,
    Ready,
    RunCell,
    Target,
    TimeCalls,
    Timed,
    Value,
)
from tinytorch.grading.sandbox.inside.wire import DTYPES, MAX_ARRAYS, Message, WireError, decode, encode

ARRAYS = (np.arange(3.0), np.ones((2, 1), np.int8))
TREE = ["list", [["int", "1"], ["array", 0]]]
CODE = LessonCode((CellCode("01, cell 1", "x = 1"),), (GivenCell("01 as released, cell 1", "y = 1", ("y", "z")),))
PLACED = Placed("<f8", (2, 3), 64)
#: one of each, no field empty
SAMPLES = (
    Packages({"course.sums": {"first": CODE, "second": LessonCode((), ())}, "course.norms": {}}),
    RunCell("01, cell 1", "x = 1"),
    CallFunction(Target("f"), "call", TREE, ["dict", []], ARRAYS),
    Define("def f(): pass", "f"),
    GetAttribute(3, "calls"),
    TimeCalls(Target("", 2), TREE, (Input(PLACED, writeable=True),)),
    Ready(),
    Done(),
    CellRan("error", "ValueError: no", ({"output_type": "stream", "name": "stdout", "text": "x"},)),
    Value(TREE, ARRAYS),
    Held(4),
    Called(TREE, ["tuple", []], ["dict", []], "out", ARRAYS),
    Missing(),
    Timed(TREE, (PLACED,), call_s=0.25, copy_s=0.0),
    Failed("E", "ValueError", "message", "01, cell 1, line 2", "raise E", "Traceback"),
)
NAMES = [type(sample).__name__ for sample in SAMPLES]
FIELDS = [(sample, name) for sample in SAMPLES for name in kinds_of(type(sample))]
FIELD_IDS = [f"{type(sample).__name__}.{name}" for sample, name in FIELDS]

texts = st.text(max_size=20)
numbers = st.integers(0, LARGEST)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)
trees = st.recursive(st.lists(texts, max_size=2), lambda inner: st.lists(inner | texts, max_size=3), max_leaves=6)
arrays = st.lists(st.sampled_from(ARRAYS), max_size=2).map(tuple)
places = st.builds(Placed, st.sampled_from(sorted(DTYPES)), st.lists(st.integers(0, 9), max_size=3).map(tuple), numbers)
seconds = st.floats(0, 1e9)
cells = st.lists(st.builds(CellCode, texts, texts), max_size=2).map(tuple)
givens = st.lists(st.builds(GivenCell, texts, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2).map(tuple)
targets = st.builds(Target, texts, st.none() | numbers)
wants = st.sampled_from(["value", "call", "remote"])
outputs = st.lists(st.dictionaries(texts, texts | trees | st.none(), max_size=2), max_size=2).map(tuple)
SAID = {
    Packages: st.builds(
        Packages,
        st.dictionaries(texts, st.dictionaries(texts, st.builds(LessonCode, cells, givens), max_size=2), max_size=2),
    ),
    RunCell: st.builds(RunCell, texts, texts),
    CallFunction: st.builds(CallFunction, targets, wants, trees, trees, arrays),
    Define: st.builds(Define, texts, texts),
    GetAttribute: st.builds(GetAttribute, numbers, texts),
    TimeCalls: st.builds(TimeCalls, targets, trees, st.lists(st.builds(Input, places, st.booleans())).map(tuple)),
    Ready: st.builds(Ready),
    Done: st.builds(Done),
    CellRan: st.builds(CellRan, st.sampled_from(["ok", "error"]), texts, outputs),
    Value: st.builds(Value, trees, arrays),
    Held: st.builds(Held, numbers),
    Called: st.builds(Called, trees, trees, trees, st.none() | numbers | texts, arrays),
    Missing: st.builds(Missing),
    Timed: st.builds(Timed, trees, st.lists(places, max_size=3).map(tuple), seconds, seconds),
    Failed: st.builds(Failed, texts, texts, texts, texts, texts, texts),
}


def read(message: Message) -> Any:
    if message.header.get("kind") in REQUESTS:
        return read_request(message)[1]
    return read_reply(message, 7)


def across(said: Any) -> Any:
    """What arrives, by way of bytes."""
    parts = [bytes(part) for part in encode(to_message(said, 7))]
    return read(decode(parts[1], b"".join(parts[2:])))


def same(arrived: Any, said: Any) -> bool:
    """Equal in type and every field; arrays bit for bit."""
    fields = [field.name for field in dataclasses.fields(said) if field.name != "arrays"]
    bits = [[each.tobytes() for each in getattr(one, "arrays", ())] for one in (arrived, said)]
    alike = all(getattr(arrived, name) == getattr(said, name) for name in fields)
    return type(arrived) is type(said) and alike and bits[0] == bits[1]


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.__name__)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_is_said_arrives(kind: type, data: st.DataObject) -> None:
    said = data.draw(SAID[kind])
    assert same(across(said), said)


def test_there_is_a_sample_of_everything_that_can_be_said() -> None:
    assert {type(sample) for sample in SAMPLES} == {*REQUESTS.values(), *REPLIES.values()} == set(SAID)


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_a_field_too_many_is_refused(sample: Any) -> None:
    message = to_message(sample, 7)
    assert same(read(message), sample)
    with pytest.raises(WireError, match="wrong fields"):
        read(Message({**message.header, "score": 10}, message.arrays))


@pytest.mark.parametrize(("sample", "name"), FIELDS, ids=FIELD_IDS)
def test_a_missing_field_is_refused(sample: Any, name: str) -> None:
    message = to_message(sample, 7)
    fields = {key: value for key, value in message.header.items() if key != name}
    with pytest.raises(WireError, match="wrong fields"):
        read(Message(fields, message.arrays))


NO_TEXT = [None, True, 3, 1.5, [], {}]
NO_WORD = [*NO_TEXT, "passed", ""]
NO_NUMBER = [None, True, -1, 3.0, "3", [], {}]
NO_SECONDS = [None, True, 3, -0.5, float("inf"), float("nan"), "0.5", []]
NO_TREE = [None, True, 3, 1.5, "none", {}]
NO_LIST = [*NO_TREE, [3], [[]], [None]]
NO_RECORD = [None, 3, "f", [], {}, {"name": "f"}, {"name": None, "remote": None}, {"name": "f", "remote": None, "x": 1}]
CELL = {"name": "n", "source": "s"}
LESSON = {"cells": [], "given": []}
NO_LESSONS = [{"p": 3}, {"p": {"first": [CELL]}}, {"p": {"first": {**LESSON, "cells": [{**CELL, "defined": []}]}}}]
#: what may not stand in a field of that name
WRONG: dict[str, list[Any]] = {
    **dict.fromkeys(["name", "source", "attribute", "words"], NO_TEXT),
    **dict.fromkeys(["type_name", "builtin", "message", "where", "code", "traceback"], NO_TEXT),
    **dict.fromkeys(["want", "status"], NO_WORD),
    **dict.fromkeys(["value", "args", "kwargs"], NO_TREE),
    **dict.fromkeys(["inputs", "places", "outputs"], NO_LIST),
    **dict.fromkeys(["call_s", "copy_s"], NO_SECONDS),
    "remote": NO_NUMBER,
    "target": NO_RECORD,
    "result_is": [True, -1, 1.5, [], {}],
    "packages": [None, 3, "p", [], *NO_LESSONS, {"p": {"first": {"cells": [CELL]}}}],
}


@pytest.mark.parametrize(
    ("sample", "name", "value"),
    [
        pytest.param(sample, name, value, id=f"{type(sample).__name__}.{name} {value}"[:60])
        for sample, name in FIELDS
        for value in WRONG[name]
    ],
)
def test_a_field_of_another_type_is_refused(sample: Any, name: str, value: object) -> None:
    message = to_message(sample, 7)
    with pytest.raises(WireError, match=f"{type(sample).__name__}.{name}"):
        read(Message({**message.header, name: value}, message.arrays))


OVERSIZED = [
    (RunCell("n", "s"), "name", "n" * (NAME_CHARS + 1)),
    (RunCell("n", "s"), "source", "s" * (SOURCE_CHARS + 1)),
    (Define("s", "n"), "source", "s" * (SOURCE_CHARS + 1)),
    (Define("s", "n"), "name", "n" * (NAME_CHARS + 1)),
    (GetAttribute(1, "a"), "remote", LARGEST + 1),
    (GetAttribute(1, "a"), "attribute", "a" * (NAME_CHARS + 1)),
    (SAMPLES[2], "target", {"name": "n" * (NAME_CHARS + 1), "remote": None}),
    (SAMPLES[2], "target", {"name": "n", "remote": LARGEST + 1}),
    (SAMPLES[5], "inputs", [{"placed": write_record(PLACED), "writeable": True}] * (MAX_ARRAYS + 1)),
    (SAMPLES[0], "packages", {str(number): {} for number in range(1001)}),
    (SAMPLES[0], "packages", {"p": {str(number): write_record(LessonCode((), ())) for number in range(1001)}}),
    (SAMPLES[0], "packages", {"p" * (NAME_CHARS + 1): {}}),
    (SAMPLES[0], "packages", {"p": {"first": {"cells": [{"name": "n", "source": "s"}] * 5001, "given": []}}}),
    (CellRan("ok", "", ()), "words", "w" * (WORDS_CHARS + 1)),
    (CellRan("ok", "", ()), "outputs", [{}] * (MAX_OUTPUTS + 1)),
    (Held(1), "remote", LARGEST + 1),
    (SAMPLES[11], "result_is", "r" * (NAME_CHARS + 1)),
    (SAMPLES[11], "result_is", LARGEST + 1),
    (SAMPLES[13], "places", [write_record(PLACED)] * (MAX_ARRAYS + 1)),
    (SAMPLES[13], "places", [{**write_record(PLACED), "shape": [1] * 33}]),
    *((SAMPLES[14], name, "w" * (WORDS_CHARS + 1)) for name in ("type_name", "builtin", "message", "where", "code")),
    (SAMPLES[14], "traceback", "t" * (TRACEBACK_CHARS + 1)),
]


@pytest.mark.parametrize(
    ("sample", "name", "value"), OVERSIZED, ids=[f"{type(each[0]).__name__}.{each[1]}" for each in OVERSIZED]
)
def test_an_oversized_field_is_refused(sample: Any, name: str, value: object) -> None:
    message = to_message(sample, 7)
    with pytest.raises(WireError, match=f"{type(sample).__name__}.{name}"):
        read(Message({**message.header, name: value}, message.arrays))


@pytest.mark.parametrize("header", [
    {},
    {"id": 7},
    {"kind": "missing"},
    {"kind": "missing", "id": "7"},
    {"kind": "missing", "id": 7.0},
    {"kind": "missing", "id": True},
    {"kind": "passed", "id": 7},
    {"kind": ["missing"], "id": 7},
    {"kind": None, "id": 7},
    {"kind": "run", "id": 7, "name": "a request", "source": "x"},
])  # fmt: skip
def test_a_header_of_no_known_kind_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        read_reply(Message(header), 7)


@pytest.mark.parametrize("number", [0, 6, 8, -7])
def test_a_reply_to_another_request_is_refused(number: int) -> None:
    with pytest.raises(WireError, match="answers no request"):
        read_reply(to_message(Missing(), 7), number)


def test_a_reply_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(WireError, match="wrong kind"):
        expect(Missing(), Value)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if not hasattr(each, "arrays")], ids=repr)
def test_arrays_where_none_belong_are_refused(sample: Any) -> None:
    with pytest.raises(WireError, match="arrays"):
        read(Message(to_message(sample, 7).header, ARRAYS))


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(sorted({*REPLIES, *REQUESTS})), "id": st.just(7)},
        optional={
            name: st.recursive(
                st.none() | st.booleans() | st.integers() | texts,
                lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
            )
            for name in ("value", "args", "kwargs", "result_is", "words", "status", "outputs", "places", "remote")
        },
    )
)
def test_any_header_gives_a_message_or_a_wire_error(header: dict[str, Any]) -> None:
    try:
        said = read(Message(json.loads(json.dumps(header))))
    except WireError:
        return
    assert type(said) in {*REQUESTS.values(), *REPLIES.values()}


PARTS = (LessonCode, Target, Placed, Input)


@pytest.mark.parametrize("kind", [*REQUESTS.values(), *REPLIES.values(), *PARTS], ids=lambda kind: kind.__name__)
def test_the_table_names_everything_that_can_be_said(kind: type) -> None:
    table = protocol.__doc__ or ""
    row = table[table.index(f"\n    {kind.__name__} ") :].partition("\n\n")[0]
    assert [name for name in kinds_of(kind) if name not in row] == []
