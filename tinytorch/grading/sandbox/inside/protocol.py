"""All that may be said on the wire, and who believes it: the table that a security review asks for.

The grader asks and a student process answers: one reply to each request, under the number that the grader drew for it
and that cannot be guessed. A message is its kind, that number and exactly the fields below, as JSON, with the arrays
behind it (wire.py). Anything else is refused with a WireError (messages.py, fields.py), and whoever catches that ends
the process. The process trusts the grader. The process itself may be patched by the code it runs: a reply is data, and
no more than any function of the student's might have returned.

    request       asks to                         fields
    ------------  ------------------------------  ----------------------------------------------------------------
    Packages      serve what imports will find    packages: name -> short name -> LessonCode, 1000 of each
    RunCell       run a cell as Jupyter would     name: 1000 characters; source: SOURCE_CHARS
    CallFunction  call a function, and how to     target: Target; want: "value", "call" or "remote";
                  give back what it returns       args, kwargs: trees; arrays
    Define        run source of the grader's and  source: SOURCE_CHARS; name: 1000 characters
                  hold what it calls NAME
    GetAttribute  read one of a held object       remote: its number; attribute: 1000 characters
    TimeCalls     make calls on the clock         target: Target; args: tree of a tuple of calls;
                                                  inputs: 4096 Input, arrays that lie in the shared memory

    reply         answers                         fields, and what the grader believes of them
    ------------  ------------------------------  ----------------------------------------------------------------
    Ready         the start, under number 0       none; no code of the student's has run
    Done          Packages                        none; no code of the student's has run
    CellRan       RunCell                         status "ok" or "error", words: WORDS_CHARS, outputs: 500 objects.
                                                  Shown to the student after cleaning; no point depends on them
    Value         CallFunction, GetAttribute      value: tree, arrays. An answer to be judged: arrays of plain dtypes,
                                                  numbers, texts, containers of those
    Held          CallFunction that wants         remote: number of an object that stays in the process; it means
                  "remote", Define                something in that process only
    Called        CallFunction that wants "call"  value, args, kwargs: trees; result_is: which argument the result
                                                  is, by index or name, or null; arrays. Whether inputs were left
                                                  alone is the process's word: a forger could as well have copied them
    Missing       CallFunction, TimeCalls         none; there is no such function, which earns nothing
    Timed         TimeCalls                       value: tree of the list of results; places: 4096 Placed, where they
                                                  lie: bounds are checked, contents copied and judged; call_s, copy_s:
                                                  seconds, believed of the reference's process only
    Failed        any request                     type_name, builtin, message, where, code: WORDS_CHARS each,
                                                  traceback: TRACEBACK_CHARS. Shown after cleaning; raised as the
                                                  builtin exception it names, or as StudentRaised

    part          of                              fields
    ------------  ------------------------------  ----------------------------------------------------------------
    LessonCode    Packages                        cells: 5000 CellCode (name, source);
                                                  given: 5000 GivenCell (name, source, defined: 5000 names)
    Target        CallFunction, TimeCalls         name: 1000 characters; remote: number of a held object, or null
    Placed        Timed, Input                    dtype: one of `DTYPES`; shape: 32 lengths; at: bytes from the start
    Input         TimeCalls                       placed: Placed; writeable: true or false

Trees have at most 200,000 parts and 40 levels (values.py). All of a header, and all arrays of a message, are limited by
`Limits.header_bytes` and `Limits.message_bytes` before they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from .fields import (
    Kind,
    claim,
    either,
    items,
    json_object,
    named,
    one_of,
    record,
    seconds,
    text,
    tree,
    whole,
)
from .values import Tree
from .wire import DTYPES, MAX_ARRAYS, read_shape

NAME_CHARS = 1000
SOURCE_CHARS = 1 << 20
WORDS_CHARS = 2000
TRACEBACK_CHARS = 10_000
MAX_OUTPUTS = 500
MAX_CELLS = 5000  # of a notebook, and names that one of its cells defines
MAX_NAMES = 1000  # of packages, and of lessons in one
LARGEST = 1 << 53  # whole number that JSON readers agree on

Want = Literal["value", "call", "remote"]
Arrays = tuple[np.ndarray, ...]

_name, _source, _words, _number = text(NAME_CHARS), text(SOURCE_CHARS), text(WORDS_CHARS), whole(LARGEST)


@dataclass(frozen=True, slots=True)
class CellCode:
    """An exported cell of the student's."""

    name: Annotated[str, _name]
    source: Annotated[str, _source]


@dataclass(frozen=True, slots=True)
class GivenCell:
    """A cell as it was released: defines what the student's cells leave undefined."""

    name: Annotated[str, _name]
    source: Annotated[str, _source]
    defined: Annotated[tuple[str, ...], items(_name, MAX_CELLS)]


@dataclass(frozen=True, slots=True)
class LessonCode:
    """What one lesson's module is made of."""

    cells: Annotated[tuple[CellCode, ...], items(record(CellCode), MAX_CELLS)]
    given: Annotated[tuple[GivenCell, ...], items(record(GivenCell), MAX_CELLS)]


@dataclass(frozen=True, slots=True)
class Target:
    """What is called: what the notebook calls `name`; or the object held as `remote`, its method where one is named."""

    name: Annotated[str, _name] = ""
    remote: Annotated[int | None, either(_number)] = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An array in the shared memory, `at` bytes from its beginning, in C order."""

    dtype: Annotated[str, one_of(*sorted(DTYPES))]
    shape: Annotated[tuple[int, ...], Kind(read_shape, list)]
    at: Annotated[int, _number]


@dataclass(frozen=True, slots=True)
class Input:
    """An argument of a timed call."""

    placed: Annotated[Placed, record(Placed)]
    writeable: Annotated[bool, claim]


_lessons = named(record(LessonCode), MAX_NAMES, _name)


@dataclass(frozen=True, slots=True)
class Packages:
    packages: Annotated[Mapping[str, Mapping[str, LessonCode]], named(_lessons, MAX_NAMES, _name)]


@dataclass(frozen=True, slots=True)
class RunCell:
    name: Annotated[str, _name]
    source: Annotated[str, _source]


@dataclass(frozen=True, slots=True)
class CallFunction:
    target: Annotated[Target, record(Target)]
    want: Annotated[Want, one_of("value", "call", "remote")]
    args: Annotated[Tree, tree]
    kwargs: Annotated[Tree, tree]
    arrays: Arrays = ()


@dataclass(frozen=True, slots=True)
class Define:
    source: Annotated[str, _source]
    name: Annotated[str, _name]


@dataclass(frozen=True, slots=True)
class GetAttribute:
    remote: Annotated[int, _number]
    attribute: Annotated[str, _name]


@dataclass(frozen=True, slots=True)
class TimeCalls:
    target: Annotated[Target, record(Target)]
    args: Annotated[Tree, tree]
    inputs: Annotated[tuple[Input, ...], items(record(Input), MAX_ARRAYS)] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    pass


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class CellRan:
    status: Annotated[Literal["ok", "error"], one_of("ok", "error")]
    words: Annotated[str, _words]
    outputs: Annotated[tuple[dict[str, Any], ...], items(json_object, MAX_OUTPUTS)]


@dataclass(frozen=True, slots=True)
class Value:
    value: Annotated[Tree, tree]
    arrays: Arrays = ()


@dataclass(frozen=True, slots=True)
class Held:
    remote: Annotated[int, _number]


@dataclass(frozen=True, slots=True)
class Called:
    value: Annotated[Tree, tree]
    args: Annotated[Tree, tree]
    kwargs: Annotated[Tree, tree]
    result_is: Annotated[int | str | None, either(_number, _name)]
    arrays: Arrays = ()


@dataclass(frozen=True, slots=True)
class Missing:
    pass


@dataclass(frozen=True, slots=True)
class Timed:
    value: Annotated[Tree, tree]
    places: Annotated[tuple[Placed, ...], items(record(Placed), MAX_ARRAYS)]
    call_s: Annotated[float, seconds]
    copy_s: Annotated[float, seconds]


@dataclass(frozen=True, slots=True)
class Failed:
    type_name: Annotated[str, _words]
    builtin: Annotated[str, _words]
    message: Annotated[str, _words]
    where: Annotated[str, _words]
    code: Annotated[str, _words]
    traceback: Annotated[str, text(TRACEBACK_CHARS)]


Request = Packages | RunCell | CallFunction | Define | GetAttribute | TimeCalls
Reply = Ready | Done | CellRan | Value | Held | Called | Missing | Timed | Failed
