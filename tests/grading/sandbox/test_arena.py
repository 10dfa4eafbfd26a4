"""The memory that timed calls share: what the grader puts in is found, and a lie about results is no result."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tinytorch.errors import GraderFaultError
from tinytorch.grading.sandbox.arena import ARENA_BYTES, Arena
from tinytorch.grading.sandbox.inside import arena as students
from tinytorch.grading.sandbox.inside.messages import read_reply
from tinytorch.grading.sandbox.inside.protocol import Placed
from tinytorch.grading.sandbox.inside.wire import Message, WireError


@pytest.fixture
def arena():
    made = Arena()
    yield made
    made.close()


def test_arrays_are_found_with_their_alignment_and_flags(arena: Arena) -> None:
    given = [np.arange(40, dtype=np.float32)[3:].reshape(37, 1), np.ones((0, 3)), np.array(5, np.int8), np.arange(9)]
    given[3].flags.writeable = False
    views = students.Arena(arena.fd).views(arena.place(given))
    for array, view in zip(given, views, strict=True):
        np.testing.assert_array_equal(view, array, strict=True)
        assert view.flags.writeable == array.flags.writeable
    assert views[0].ctypes.data % 64 == given[0].ctypes.data % 64


def test_results_lie_behind_the_inputs_or_are_inputs(arena: Arena) -> None:
    other = students.Arena(arena.fd)
    inputs = arena.place([np.ones(1000), np.zeros(3)])
    views = other.views(inputs)
    places = other.put([np.arange(6).reshape(2, 3).T, views[1]], views, inputs)
    results = arena.read(places)
    assert results[0].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert (results[1].tolist(), places[1]) == ([0, 0, 0], inputs[1].placed)
    np.testing.assert_array_equal(views[0], 1)


def test_what_does_not_fit_is_told(arena: Arena) -> None:
    with pytest.raises(GraderFaultError, match="more than 64 MiB"):
        arena.place([np.zeros(ARENA_BYTES, np.uint8), np.zeros(1)])
    with pytest.raises(GraderFaultError, match="C-contiguous"):
        arena.place([np.zeros((3, 4)).T])
    assert students.Arena(arena.fd).put([np.zeros(ARENA_BYTES // 8 + 1)], [], []) is None


@pytest.mark.parametrize(
    "places",
    [
        [Placed("<f8", (1,), ARENA_BYTES - 7)],
        [Placed("<f8", (1,), 1 << 52)],
        [Placed("<f8", (1 << 40,), 0)],
        [Placed("<f8", (1 << 40, 0, 1 << 7), 0), Placed("|u1", (1,), ARENA_BYTES)],
        [Placed("|u1", (ARENA_BYTES,), 0)] * 2,
    ],
)
def test_a_place_outside_the_memory_is_refused(arena: Arena, places: list[Placed]) -> None:
    with pytest.raises(WireError, match="outside the shared memory"):
        arena.read(places)


def timed(places: object) -> Message:
    return Message({"kind": "timed", "id": 1, "value": ["none"], "places": places, "call_s": 0.1, "copy_s": 0.1})


@pytest.mark.parametrize(
    "places",
    [
        None,
        [3],
        [{"dtype": "<f8", "shape": [1]}],
        [{"dtype": "<f8", "shape": [1], "at": 0, "strides": [8]}],
        [{"dtype": "|O", "shape": [1], "at": 0}],
        [{"dtype": ["<f8"], "shape": [1], "at": 0}],
        [{"dtype": "<f8", "shape": [-1], "at": 0}],
        [{"dtype": "<f8", "shape": [True], "at": 0}],
        [{"dtype": "<f8", "shape": [1], "at": -8}],
        [{"dtype": "<f8", "shape": [1], "at": True}],
        [{"dtype": "<f8", "shape": [1], "at": 1.0}],
        [{"dtype": "<f8", "shape": [1], "at": 1 << 62}],
        [{"dtype": "|u1", "shape": [0], "at": 0}] * 5000,
    ],
)
def test_a_place_that_is_none_is_refused(places: object) -> None:
    assert read_reply(timed([{"dtype": "<f8", "shape": [1], "at": 0}]), 1)
    with pytest.raises(WireError, match="places"):
        read_reply(timed(places), 1)


def test_its_size_cannot_be_changed_by_whoever_holds_it(arena: Arena) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(arena.fd, 4096)
