"""The kinds of fields of a message: how each is written as JSON, and how it is read back or refused.

A message's class names the kind of each of its fields in the annotation, `Annotated[str, text(200)]`. A field without
a kind is not part of the header. Readers check everything: a value that does not fit is a WireError.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from .wire import WireError

Record = TypeVar("Record")


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """The functions that read and write the values of one kind as JSON."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value


def text(limit: int) -> Kind:
    """A text of at most so many characters; half of a surrogate pair may be in it."""

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise WireError(f"must be a text of at most {limit} characters")
        return value

    return Kind(read)


def one_of(*choices: str) -> Kind:
    """One of these texts."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise WireError(f"must be one of {', '.join(choices)[:100]}")
        return value

    return Kind(read)


def whole(limit: int) -> Kind:
    """A whole number from 0 to the limit; True is none."""

    def read(value: object) -> int:
        if type(value) is not int or not 0 <= value <= limit:
            raise WireError(f"must be a whole number from 0 to {limit}")
        return value

    return Kind(read)


def _seconds(value: object) -> float:
    if type(value) is not float or not math.isfinite(value) or value < 0:
        raise WireError("must be a finite number of seconds")
    return value


def _claim(value: object) -> bool:
    if not isinstance(value, bool):
        raise WireError("must be true or false")
    return value


def _tree(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise WireError("must be a value's tree")
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WireError("must be a JSON object")
    return value


seconds = Kind(_seconds)
claim = Kind(_claim)
tree = Kind(_tree)  # of what is in it, `values.Unpacker` judges
json_object = Kind(_object)  # of what is in it, whoever uses it judges


def either(*kinds: Kind) -> Kind:
    """Null, or what the first kind reads that can; written as it is."""

    def read(value: object) -> Any:
        if value is None:
            return None
        for kind in kinds[:-1]:
            try:
                return kind.read(value)
            except WireError:
                continue
        return kinds[-1].read(value)

    return Kind(read)


def items(kind: Kind, limit: int) -> Kind:
    """A tuple of at most so many of a kind."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > limit:
            raise WireError(f"must be a list of at most {limit}")
        return tuple(kind.read(item) for item in value)

    return Kind(read, lambda values: [kind.write(item) for item in values])


def named(kind: Kind, limit: int, name: Kind) -> Kind:
    """A dict of at most so many of a kind."""

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > limit:
            raise WireError(f"must be an object of at most {limit} names")
        return {name.read(key): kind.read(item) for key, item in value.items()}

    return Kind(read, lambda values: {key: kind.write(item) for key, item in values.items()})


def record(cls: type[Any]) -> Kind:
    """A record within a message."""
    return Kind(functools.partial(read_record, cls), write_record)


def write_record(record: Any) -> dict[str, Any]:
    """The fields of a record as JSON can hold them."""
    return {name: kind.write(getattr(record, name)) for name, kind in kinds_of(type(record)).items()}


def read_record(cls: type[Record], fields: object) -> Record:
    """The record whose fields these are: all of them, and no other."""
    kinds = kinds_of(cls)
    if not isinstance(fields, dict) or fields.keys() != kinds.keys():
        raise WireError(f"{cls.__name__} with the wrong fields")
    values = {}
    for name, kind in kinds.items():
        try:
            values[name] = kind.read(fields[name])
        except WireError as err:
            raise WireError(f"{cls.__name__}.{name}: {err}") from None
    return cls(**values)


def kinds_of(cls: type[Any]) -> dict[str, Kind]:
    """The kinds of a record's fields, as its annotations name them."""
    return _kinds_of(cls)  # type: ignore[arg-type]  # a class is hashable, which mypy cannot tell of every class


@functools.cache
def _kinds_of(cls: type[Any]) -> dict[str, Kind]:
    hints = get_type_hints(cls, include_extras=True)
    annotated = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Annotated}
    return {name: kind for name, (_, kind, *_) in annotated.items()}
