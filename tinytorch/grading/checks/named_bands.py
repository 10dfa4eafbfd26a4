"""The bands that a hidden check may ask for by name: those of its module whose names stand in its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinytorch.bench import Bands
from tinytorch.bench.band_file import BANDS_FILE, Shares
from tinytorch.errors import GraderFaultError


@dataclass(frozen=True, slots=True)
class NamedBands:
    """`known` are the module's bands; `spelled_out` the names that the check's code has as strings.

    The outcome of a check is kept under the values of the bands in `spelled_out`, so it must not depend on others.
    """

    known: Mapping[str, Shares] = field(default_factory=dict)
    spelled_out: frozenset[str] = frozenset()

    def of(self, bands: Bands | str) -> Bands:
        """Returns the bands of that name; bands instead of a name are returned unchanged."""
        if not isinstance(bands, str):
            return bands
        if bands not in self.known:
            known = f"{BANDS_FILE} has {', '.join(sorted(self.known))}" if self.known else _NONE
            raise GraderFaultError(f"a hidden check asks for the bands {bands!r}, and {known}")
        if bands not in self.spelled_out:
            raise GraderFaultError(
                f"a hidden check puts the name {bands!r} of its bands together as it runs; "
                "write the name as a string in its code, so that its kept outcomes are kept for these bands"
            )
        return dict(self.known[bands])


_NONE = f"no bands are given here; add them to the module's {BANDS_FILE}, or name that file with --bands"
