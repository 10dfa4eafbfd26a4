"""All cases, those under other settings included, and those that a pattern names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache

from . import integers, peers, products, relus
from .case import Case

NARROW = ("32-byte vectors", "16-byte vectors")


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, grouped as the table shows them; names are unique."""
    plain = [*products.plain(), *relus.plain()]
    narrow = [in_setting(case, setting) for setting in NARROW for case in plain]
    wide_blas = [in_setting(case, case.setting, "wide-blas") for case in products.against_wide_blas()]
    found = (
        *products.plain(),
        *wide_blas,
        *products.two_threads(),
        *products.blocked(),
        *integers.cases(),
        *relus.plain(),
        *relus.copies(),
        *relus.biased(),
        *relus.threaded(),
        *narrow,
        *peers.cases(),
    )
    names = [case.name for case in found]
    if len(set(names)) < len(names):
        raise ValueError(f"two cases share a name: {sorted({name for name in names if names.count(name) > 1})}")
    return found


def in_setting(case: Case, setting: str, suffix: str | None = None) -> Case:
    """The same case in another process."""
    suffix = suffix or setting.split("-")[0] + "-byte"
    group = case.group if setting == case.setting else f"{case.group}, {setting}"
    return replace(case, name=f"{case.name}-{suffix}", setting=setting, group=group)


def by_name(name: str) -> Case:
    """The case of that name."""
    return next(case for case in all_cases() if case.name == name)


def names_it(pattern: str, *names: str) -> bool:
    """Whether a pattern (a part of a name, or a glob) fits one of these names."""
    pattern = pattern.lower()
    return any(pattern in name.lower() or fnmatchcase(name.lower(), pattern) for name in names)


def selected(only: Sequence[str], quick: bool) -> list[Case]:
    """The cases of a run: all, or those that a pattern in `only` names by name, group or setting."""
    cases = [case for case in all_cases() if case.quick or not quick]
    if not only:
        return cases
    return [case for case in cases if any(names_it(p, case.name, case.group, case.setting) for p in only)]
