"""Facts, the card, vector widths, and what a process may use."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from tinytorch.hardware import Fact, allowance, card, format_bytes, simd
from tinytorch.hardware.fact import detected, unavailable


def test_value_without_a_source_cannot_be() -> None:
    with pytest.raises(ValueError, match="unavailable"):
        Fact(None, "bytes", "detected", "guessed")


def test_unavailable_value_cannot_be() -> None:
    with pytest.raises(ValueError, match="unavailable"):
        Fact(32768, "bytes", "unavailable", "typical value")


def test_fact_must_say_how() -> None:
    with pytest.raises(ValueError, match="how"):
        Fact(1, "", "measured", "")


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (detected(49152, "bytes", "x"), "48 KiB"),
        (detected(2.8, "GHz", "x"), "2.8 GHz"),
        (detected(4, "", "x"), "4"),
        (detected(("avx", "fma"), "", "x"), "avx fma"),
        (detected(("0-1", "2-5"), "CPUs", "x"), "CPUs 0-1; 2-5"),
        (detected(tuple("0123456789"), "CPUs", "x"), "CPUs 0; 1; 2; 3; 4; 5; 6; 7; and 2 more"),
        (unavailable("GHz", "not stated"), "unknown"),
    ],
)
def test_fact_as_text(fact: Fact, text: str) -> None:
    assert str(fact) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 40, "5 TiB")])
def test_bytes_as_text(size: int, text: str) -> None:
    assert format_bytes(size) == text


def test_every_row_has_a_source_and_says_how() -> None:
    assert all(source in ("detected", "unavailable") and how for _, _, source, how in card().rows())


def test_card_is_plain_data() -> None:
    assert json.loads(json.dumps(card().as_dict()))["python"]["value"] == ".".join(map(str, sys.version_info[:3]))


def test_card_as_text_names_what_is_not_known() -> None:
    missing = [name for name, _, source, _ in card().rows() if source == "unavailable"]
    assert all(name in str(card()) for name in missing)


def test_card_is_made_once() -> None:
    assert card() is card()


def test_card_costs_little() -> None:
    card()  # what it imports stays loaded
    card.cache_clear()
    start = time.perf_counter()
    card()
    assert time.perf_counter() - start < 1.0  # some 10 ms; only a measurement would take so long


def test_import_loads_no_compiler() -> None:
    program = "import sys, tinytorch.hardware as h; h.card(); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize(
    ("features", "machine", "width"),
    [
        ({"avx512f": True, "avx": True}, "x86_64", 64),
        ({"avx512f": False, "avx": True, "sse2": True}, "AMD64", 32),
        ({"sse2": True}, "x86_64", 16),
        ({"neon": True, "sve": True}, "aarch64", 16),
        ({}, "arm64", 16),
        ({}, "riscv64", None),
    ],
    ids=["avx512", "avx", "sse", "neon", "silent arm", "silent other"],
)
def test_vector_width(features: dict[str, bool], machine: str, width: int | None) -> None:
    assert simd.width(features, machine).value == width


def test_instruction_sets_shown_are_those_present() -> None:
    assert simd.shown({"avx2": True, "fma": True, "avx512f": False, "rtm": True}).value == ("avx2", "fma")


LOGICAL = detected(8, "", "online")


@pytest.mark.parametrize(
    ("allowed", "limit", "usable"),
    [
        ({0, 1, 2, 3}, None, 4),
        (None, None, 8),
        ({0, 1, 2, 3}, (2.5, "/cpu.max"), 2),
        ({0, 1}, (6.0, "/cpu.max"), 2),
        ({0, 1}, (0.5, "/cpu.max"), 1),
    ],
    ids=["affinity", "no affinity", "limit", "wide limit", "less than one"],
)
def test_usable_cores(allowed: set[int] | None, limit: tuple[float, str] | None, usable: int) -> None:
    assert allowance.usable_cores(allowed, LOGICAL, limit).value == usable


def test_usable_cores_are_unavailable_when_nothing_is_known() -> None:
    assert allowance.usable_cores(None, unavailable("", "no /sys"), None).source == "unavailable"


@pytest.mark.parametrize(("limit", "size"), [(None, 8 << 30), ((2 << 30, "/m"), 2 << 30), ((16 << 30, "/m"), 8 << 30)])
def test_memory_is_the_smaller_of_machine_and_limit(limit: tuple[int, str] | None, size: int) -> None:
    assert allowance.memory_within(8 << 30, limit).value == size
