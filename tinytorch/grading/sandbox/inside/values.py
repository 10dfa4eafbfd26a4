"""Values as JSON trees plus arrays: what may cross the wire, and nothing else.

Every value is a list whose first item names its kind: ["int", "12"], ["float", "0x1.8p+0"], ["array", 0],
["tuple", [...]], ["dict", [[key, value], ...]]. What has no kind of its own becomes ["unsupported", sentence] on the
student's side and a TypeError on the grader's. Subclasses of ndarray, object arrays, views whose elements share memory
and lazy things are unsupported: only a plain array can be an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from .wire import DTYPES, WireError

MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_INT_DIGITS = 4000
MAX_TEXT_CHARS = 1 << 20

OVERLAPPING = (
    "an array whose elements share memory (a broadcast or overlapping view); "
    "a plain numpy.ndarray with a place for each element is needed"
)

Tree = list[Any]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A value that cannot be compared; `words` says what it was."""

    words: str


@dataclass(slots=True)
class Packer:
    """Turns values into trees; the arrays met on the way collect in `arrays`, one entry for each object.

    `reference` gives the tree of objects that only a handle can stand for, or None. With `strict`, a value that has
    no tree is a TypeError instead of an "unsupported" tree. `any_layout` takes broadcast and overlapping views too: as
    arguments they may go to and fro, as answers they would be more elements than anyone has computed.
    """

    reference: Callable[[object], Tree | None] = lambda value: None
    strict: bool = False
    any_layout: bool = False
    arrays: list[np.ndarray] = field(default_factory=list)
    nodes: int = 0

    def pack(self, value: object, depth: int = 0) -> Tree:
        self.nodes += 1
        if depth > MAX_DEPTH:
            return self._refuse(f"a value nested deeper than {MAX_DEPTH} levels")
        tree = ["none"] if self.nodes > MAX_NODES else self._part(value, depth)
        if depth == 0 and self.nodes > MAX_NODES:
            return self._refuse(f"a value of more than {MAX_NODES} parts")
        return tree

    def _part(self, value: object, depth: int) -> Tree:
        return self._simple(value) or self._container(value, depth) or self._other(value)

    def _simple(self, value: object) -> Tree | None:
        if value is None:
            return ["none"]
        if isinstance(value, np.generic):
            return self._scalar(value)
        if isinstance(value, bool):
            return ["bool", value]
        if isinstance(value, int):
            if value.bit_length() > 3 * MAX_INT_DIGITS:
                return self._refuse("an int of thousands of digits")
            return ["int", str(int(value))]
        if isinstance(value, float):
            return ["float", float(value).hex()]
        if isinstance(value, complex):
            return ["complex", value.real.hex(), value.imag.hex()]
        if isinstance(value, str):
            return ["str", str(value)[:MAX_TEXT_CHARS]]
        return None

    def _scalar(self, value: np.generic) -> Tree:
        if value.dtype.str not in DTYPES:
            return self._refuse(f"a NumPy scalar of dtype {value.dtype}")
        return ["scalar", value.dtype.str, value.tobytes().hex()]

    def _container(self, value: object, depth: int) -> Tree | None:
        if isinstance(value, list):
            return ["list", [self.pack(item, depth + 1) for item in value]]
        if isinstance(value, tuple):
            return ["tuple", [self.pack(item, depth + 1) for item in value]]
        if isinstance(value, dict):
            pairs = []
            for key, item in value.items():
                if not _is_key(key):
                    return self._refuse(f"a dict with a key of type {type(key).__name__}")
                pairs.append([self.pack(key, depth + 1), self.pack(item, depth + 1)])
            return ["dict", pairs]
        return None

    def _other(self, value: object) -> Tree:
        known = self.reference(value)
        if known is not None:
            return known
        kind = type(value)
        if not isinstance(value, np.ndarray):
            return self._refuse(f"an object of type {kind.__name__}")
        if kind is not np.ndarray:
            return self._refuse(f"an array of the subclass {kind.__name__}; a plain numpy.ndarray is needed")
        if value.dtype.str not in DTYPES:
            return self._refuse(f"an array of dtype {value.dtype}")
        if _elements_overlap(value) and not (self.any_layout or self.strict):
            return self._refuse(OVERLAPPING)
        return ["array", self._place(value)]

    def _place(self, array: np.ndarray) -> int:
        for index, known in enumerate(self.arrays):
            if known is array:
                return index
        self.arrays.append(array)
        return len(self.arrays) - 1

    def _refuse(self, what: str) -> Tree:
        if self.strict:
            raise TypeError(f"{what} cannot be sent to a student process")
        return ["unsupported", what]


def _elements_overlap(array: np.ndarray) -> bool:
    """Returns whether elements share memory. Slices, transposes and diagonals of an array never do."""
    extent = array.itemsize
    for stride, length in sorted((abs(stride), n) for stride, n in zip(array.strides, array.shape, strict=True)):
        if length > 1 and stride < extent:
            return array.size > 0
        extent += stride * max(0, length - 1)
    return False


def _is_key(key: object) -> bool:
    if isinstance(key, tuple):
        return all(_is_key(item) for item in key)
    return key is None or isinstance(key, (bool, int, float, str, np.bool_, np.integer, np.floating))


@dataclass(slots=True)
class Unpacker:
    """Turns trees back into values; a tree that is not one is a WireError.

    `resolve` gives the object behind a handle's number.
    """

    arrays: tuple[np.ndarray, ...]
    resolve: Callable[[int], Any]
    nodes: int = 0

    def unpack(self, tree: object, depth: int = 0) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH + 2:
            raise WireError("a value has too many parts or is nested too deeply")
        match tree:
            case ["none"]:
                return None
            case ["bool", bool() as value]:
                return value
            case ["int", str() as digits] if len(digits) <= 4 * MAX_INT_DIGITS:
                return _number(int, digits)
            case ["float", str() as text]:
                return _number(float.fromhex, text)
            case ["complex", str() as real, str() as imag]:
                return complex(_number(float.fromhex, real), _number(float.fromhex, imag))
            case ["str", str() as text]:
                return text
            case ["scalar", str() as dtype, str() as raw] if dtype in DTYPES:
                return _scalar(dtype, raw)
            case ["unsupported", str() as words]:
                return Unsupported(words[:300].encode("utf-8", "replace").decode("utf-8"))
        return self._unpack_compound(tree, depth)

    def _unpack_compound(self, tree: object, depth: int) -> Any:
        match tree:
            case ["list", list() as items]:
                return [self.unpack(item, depth + 1) for item in items]
            case ["tuple", list() as items]:
                return tuple(self.unpack(item, depth + 1) for item in items)
            case ["dict", list() as pairs]:
                return dict(self._pair(pair, depth + 1) for pair in pairs)
            case ["array", int() as index] if 0 <= index < len(self.arrays):
                return self.arrays[index]
            case ["remote", int() as number]:
                return self.resolve(number)
        raise WireError("a value is of no known kind")

    def _pair(self, pair: object, depth: int) -> tuple[Any, Any]:
        if not isinstance(pair, list) or len(pair) != 2:
            raise WireError("a dict's entry must be a key and a value")
        key = self.unpack(pair[0], depth)
        if not _is_key(key):
            raise WireError("a dict's key must be a number, a text, or a tuple of those")
        return (key.item() if isinstance(key, np.generic) else key), self.unpack(pair[1], depth)


def _number(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (ValueError, OverflowError) as err:
        raise WireError("a number is not a number") from err


def _scalar(dtype: str, raw: str) -> np.generic:
    try:
        return cast(np.generic, np.frombuffer(bytes.fromhex(raw), dtype=dtype)[0:1].reshape(())[()])
    except ValueError as err:
        raise WireError("a NumPy scalar's bytes do not fit its dtype") from err
