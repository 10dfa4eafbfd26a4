"""The doors that strangers' bytes come through: a bounded number of inputs each time, and all that was found before.

`make fuzz` looks for longer, led by coverage; the targets are the same.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.fuzz.seeds import seeds
from tests.tools.fuzz.targets import REQUEST, TARGETS

FINDINGS = Path(__file__).parent / "findings"
BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["none", "bool", "int", "float", "str", "scalar", "array", "tuple", "list", "dict", "remote"])
LEAVES = st.tuples(KINDS).map(list) | st.tuples(KINDS, JSON).map(list) | st.tuples(KINDS, JSON, JSON).map(list)
TREES = st.recursive(LEAVES, lambda inner: st.tuples(KINDS, st.lists(inner, max_size=3)).map(list), max_leaves=8)
FIELDS = st.sampled_from(["output_type", "name", "text", "data", "ename", "evalue", "traceback", "execution_count"])
KINDS_OF_OUTPUT = st.sampled_from(["stream", "error", "display_data", "execute_result"])
MARKS = st.fixed_dictionaries({}, optional={"grade_id": st.sampled_from(["total", "check_total", "x"]) | JSON})
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | JSON},
    optional={
        "source": st.text() | st.lists(st.text()) | JSON,
        "id": st.sampled_from(["total", "check", "title"]) | JSON,
        "metadata": st.fixed_dictionaries({"nbgrader": MARKS | JSON}) | JSON,
        "attachments": JSON,
        "outputs": JSON,
        "level": JSON,
    },
)
NOTEBOOKS = st.fixed_dictionaries(
    {"cells": st.lists(CELLS | JSON, max_size=6)}, optional={"nbformat": st.integers(2, 5) | JSON, "metadata": JSON}
)


@pytest.mark.parametrize("target", sorted(TARGETS))
@BOUNDED
@given(data=st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_well_formed_bytes_with_damage_are_taken_or_refused(target: str) -> None:
    """Each seed whole, cut short, and with bytes changed, doubled and taken out."""
    chance = random.Random(13)
    for seed in seeds(target):
        TARGETS[target](seed)
        for _ in range(25):
            data = bytearray(seed)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data) or 1)
                data[at : at + chance.choice([0, 1, 1, 4])] = chance.randbytes(chance.choice([0, 1, 1, 4]))
            TARGETS[target](bytes(data))


@BOUNDED
@given(TREES)
def test_any_tree_of_values_is_judged(value: object) -> None:
    TARGETS["reply"](json.dumps({"kind": "value", "id": REQUEST, "value": value}).encode())


@BOUNDED
@given(st.text(), st.lists(st.dictionaries(FIELDS, JSON | KINDS_OF_OUTPUT | st.lists(JSON), max_size=5), max_size=2))
def test_any_outputs_of_a_cell_are_cleaned(words: str, outputs: object) -> None:
    fields = {"status": "error", "words": words, "outputs": outputs}
    TARGETS["reply"](json.dumps({"kind": "ran", "id": REQUEST, **fields}).encode())


@BOUNDED
@given(st.lists(st.text(), min_size=5, max_size=5), st.sampled_from(["ValueError", "UnicodeDecodeError", "SystemExit"]))
def test_any_words_of_an_exception_are_cleaned(texts: list[str], builtin: str) -> None:
    names = ("type_name", "message", "where", "code", "traceback")
    fields = {**dict(zip(names, texts, strict=True)), "builtin": builtin}
    TARGETS["reply"](json.dumps({"kind": "failed", "id": REQUEST, **fields}).encode())


@BOUNDED
@given(NOTEBOOKS)
def test_any_cells_are_set_on_the_releases_frame(notebook: object) -> None:
    TARGETS["notebook"](json.dumps(notebook).encode())


@BOUNDED
@given(st.text(max_size=80), st.sampled_from(["", "=", "+", "-", "@", "\t=", " =", "\r", "\uff1d", "<b>", '"']))
def test_any_name_is_safe_in_a_path_a_table_and_a_page(text: str, first: str) -> None:
    TARGETS["name"](f"{first}{text}".encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_before_stays_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())
