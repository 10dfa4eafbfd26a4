"""From a comparison to a share of the points: which band counts, and what is said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tinytorch.bench import Comparison, compare_timed, in_bands, standing

BANDS = {0.5: 0.25, 1.5: 0.6, 2.0: 1.0}


def race(ratios: Sequence[float], bounds: Sequence[float] = tuple(BANDS)) -> Comparison:
    """A comparison whose pairs have these ratios, again and again."""
    given = iter(list(ratios) * 60)
    return compare_timed(lambda: 1.0, lambda: next(given), bound=bounds)


@pytest.mark.parametrize(
    ("ratio", "share"), [(0.49, 0.0), (0.5, 0.25), (1.4, 0.25), (1.5, 0.6), (2.0, 1.0), (9.0, 1.0)]
)
def test_a_clear_ratio_earns_the_share_of_its_band(ratio: float, share: float) -> None:
    found = standing(race([ratio]), BANDS)
    assert (found.share, found.is_undecided) == (share, False)


def test_a_doubt_counts_for_the_student_and_is_said() -> None:
    found = standing(race([1.2, 1.8]), BANDS)
    assert (found.share, found.is_undecided) == (0.6, True)
    assert "60 timed pairs put it between 1.2 and 1.8, and the band above counts for you" in found.words


def test_a_doubt_about_several_edges_counts_up_to_the_highest() -> None:
    assert standing(race([0.4, 3.0]), BANDS).share == 1.0


def test_an_interval_within_a_band_is_no_doubt() -> None:
    found = standing(race([1.55, 1.9]), BANDS)
    assert (found.share, found.is_undecided) == (0.6, False)


def test_the_words_tell_the_ratio_and_every_band() -> None:
    words = standing(race([1.75]), BANDS).words
    assert words == ("1.75 times the speed of the stated reference; 0.5 earns 25 %, 1.5 earns 60 %, 2 earns all")


@pytest.mark.parametrize(
    "bands",
    [{}, {0.0: 1.0}, {0.5: 0.5}, {0.5: 0.0, 1.0: 1.0}, {0.5: 0.6, 1.0: 0.5, 2.0: 1.0}, {0.5: 1.0, 1.0: 1.5}],
    ids=["none", "at zero", "never all", "nothing", "falling", "beyond all"],
)
def test_bands_that_are_none_are_refused(bands: dict[float, float]) -> None:
    with pytest.raises(ValueError, match="bands must rise"):
        standing(race([1.0], bands.keys() or (1.0,)) if all(bands) else race([1.0]), bands)


def test_a_race_for_other_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="says nothing about bands"):
        standing(race([1.0], (1.0,)), BANDS)


def test_too_few_pairs_say_nothing_and_count_for_the_student() -> None:
    found = standing(compare_timed(lambda: 1.0, lambda: 0.1, bound=tuple(BANDS), min_pairs=2, max_pairs=2), BANDS)
    assert (found.share, found.is_undecided) == (1.0, True)


def test_two_callables_are_compared_until_they_lie_in_a_band() -> None:
    found = in_bands(lambda: sum(range(1000)), lambda: sum(range(30_000)), BANDS)
    assert (found.share, found.comparison.bounds) == (1.0, (0.5, 1.5, 2.0))
    assert "2 earns all" in str(found)
