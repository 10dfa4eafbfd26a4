"""A machine's configuration: found out, overridden by what is given, and refused where it makes no sense."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest

from tinytorch.hardware import Fact, HardwareConfig, card, checked_target, config, configure, resources_of

GIVEN = {"memory_bandwidth": 5.0}  # so that nothing is measured


def test_every_entry_is_there_and_says_where_it_is_from() -> None:
    machine = configure(GIVEN)
    assert set(machine.values) == set(HardwareConfig.__annotations__)
    assert set(machine.values["cache_sizes"]) == set(config.CACHE_FACTS)
    assert set(machine.values) - {"cache_sizes"} <= set(machine.sources)


def test_what_is_found_is_the_card_in_the_units_of_the_configuration() -> None:
    values = configure(GIVEN).values
    assert values["cpu_cores"] == card().usable_cores.value
    assert values["simd_width"] == card().simd_bytes.value // 4
    assert values["memory_gb"] == pytest.approx(card().memory_bytes.value / 2**30)


def test_what_is_given_overrides_only_what_it_names() -> None:
    found, given = configure(GIVEN), configure({**GIVEN, "cpu_cores": 3, "cache_sizes": {"l2": 12345}})
    assert (given.values["cpu_cores"], given.values["cache_sizes"]["l2"]) == (3, 12345)
    assert given.values["cache_sizes"]["l1_data"] == found.values["cache_sizes"]["l1_data"]
    assert given.given == {"memory_bandwidth", "cpu_cores", "l2"}
    assert given.sources["l2"] == "given in hardware_config"


def test_the_given_dictionaries_are_not_changed() -> None:
    given: dict[str, Any] = {**GIVEN, "cache_sizes": {"l2": 4096}}
    configure(given)
    assert given == {"memory_bandwidth": 5.0, "cache_sizes": {"l2": 4096}}


def test_the_bandwidth_is_not_measured_when_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "roofline", lambda: pytest.fail("measured"))
    assert configure({"memory_bandwidth": None}).values["memory_bandwidth"] is None


def test_a_width_that_is_not_known_stays_none_with_its_reason() -> None:
    assert config._lanes(Fact(None, "bytes", "unavailable", "no such register")).how == "no such register"


@pytest.mark.parametrize("number", [np.float32(2.0), np.int64(2), 2])
def test_numbers_of_numpy_are_numbers(number: Any) -> None:
    assert configure({"memory_bandwidth": number}).values["memory_bandwidth"] == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"cpu_coers": 2}, "cpu_coers"),
        ({"cache_sizes": {"l4": 1}}, "l4"),
        ({"memory_bandwidth": -1.0}, "memory_bandwidth"),
        ({"memory_bandwidth": math.nan}, "memory_bandwidth"),
        ({"memory_bandwidth": "fast"}, "memory_bandwidth"),
        ({"deployment_target": "moon"}, "moon"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        configure(given)


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"toaster.*cloud, edge, mobile"):
        checked_target("toaster")


def test_resources_are_those_of_the_machine_that_was_measured_and_no_other() -> None:
    values = configure({**GIVEN, "cpu_cores": 3, "deployment_target": "edge"}).values
    assert resources_of(values, "edge")["cpu_cores"] == 3
    elsewhere = resources_of(values, "mobile")
    assert elsewhere["cpu_cores"] is None
    assert "mobile" in elsewhere["reason"]


def test_a_gpu_is_not_looked_for_on_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "sunos5")
    assert "sunos5" in config._gpu().how
