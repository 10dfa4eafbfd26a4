"""The files of a new module: one lesson with one exercise, complete from its source to the submission it rejects.

`$name`, `$number`, `$short`, `$title` and `$requires` are filled in by `tinytorch.course.new`.
"""

from __future__ import annotations

FACTS = """\
# What this module declares about itself; the gate holds the points against the notebooks.
title = $title_quoted
description = "One lesson, made by `tito module new`: say here in a line what students learn."
requires = $requires  # modules whose package these lessons import

[points]
automatic = 8
manual = 2
"""

BANDS = """\
# Speed in bands, one table for each race; none while no exercise is graded for speed. A lesson's text shows a table by
# a line {bands: sums}, its race measures by BANDS["sums"], and the hidden check asks for the bands by name:
#
#     compared = student.speed("sums", make_inputs, REFERENCE, bounds="sums")
#     check.bands(compared, "sums")
#
# The gate refuses a band that one of the three lacks. For example, half of the points for speed from a tenth of NumPy's
# speed on, and all of them from 0.6 on:
#
# [sums]
# compared = "times the speed of `np.sum(x)`, 100 thousand float32"
# shares = [[0.1, 0.5], [0.6, 1.0]]
"""

README = """\
# $title

Say here what the module is about, and what a reader should know already.

| lesson | you write | you learn | points |
| --- | --- | --- | --- |
| `01_first` | `spread` | how far numbers lie apart | 8, and 2 for a question |

The automatic points are given by checks that run when you hand in: more cases than the cells in the notebook show, but
nothing that the text doesn't ask for. The open question at the end is read by a person.

In the folder of your kit:

    tito module start $name         open the notebook
    tito module test $name          run its checks
    tito module complete $name      check, and export what passes into your own tinytorch package
    tito module submit $name        make the file to hand in
"""

MARKING = """\
# Marking the open question

Two points, given by hand in the formgrader (`tito grade manual $name`), for `question_spread` at the end of lesson
`01_first`. This file is for whoever marks; it's not part of a student kit.

| points | for |
| --- | --- |
| 1 | an example in which one number decides the spread, with the number |
| 1 | a measure that such a number moves less, and why |

Common errors
* the mean named as the remedy: a single number moves it as well;
* an example without numbers, which the reader can't check.
"""

PACKAGE = '''\
"""$title.

Each module is exported from the lesson of its name; this file, written by hand, gathers what a user of them calls.
"""

from tinytorch.core.$short.first import spread

__all__ = ["spread"]
'''

LESSON = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How far apart?
# > The distance between the largest and the smallest number.
#
# Open with what the reader can do now, and with the question that this lesson answers. Each exercise below has the same
# steps, a cell for each: explain, predict, implement, check, measure, reflect.

# %%
#| default_exp core.$short.first

# %%
#| export
from collections.abc import Sequence

# %%
from tinytorch.testing import refused

# %% [markdown]
# ## Measure the spread (8 points)
#
# Two sets of numbers can have the same mean and look nothing alike: 9, 10, 11 and -90, 10, 110. What tells them apart
# is how far the numbers lie from each other. The plainest measure of that is the *spread*, the distance between the
# largest and the smallest.
#
# **Predict.** What is the spread of -3, -1 and -2?

# %%
my_spread = None  # your prediction

# %% [markdown]
# **Implement** `spread`, in about one line: the largest of the numbers less the smallest. One number alone has the
# spread 0. That there is at least one is checked above your lines.

# %% nbgrader={"grade": false, "grade_id": "spread", "solution": true}
#| export
def spread(values: Sequence[float]) -> float:
    """Returns the distance between the largest and the smallest of `values`; ValueError if there are none."""
    if len(values) == 0:
        raise ValueError("the spread of no numbers is not defined; got an empty sequence")
    ### BEGIN SOLUTION
    return max(values) - min(values)
    ### END SOLUTION


# %% [markdown]
# **Check.** The cell below tries numbers in any order, one number alone, and none.

# %% nbgrader={"grade": true, "grade_id": "check_spread", "points": 8}
def test_unit_spread():
    """spread is the largest number less the smallest; no numbers are refused."""
    result = spread([2.0, 5.0, 3.0])
    assert result == 3.0, f"2, 5 and 3 lie between 2 and 5, a distance of 3; got {result}"
    result = spread([4.0])
    assert result == 0.0, f"one number alone has the spread 0; got {result}"
    with refused(ValueError, "empty"):
        spread([])


test_unit_spread()

# %% [markdown]
# **Measure.** Your prediction, and a larger set.

# %% tags=["measure"]
print(f"predicted {my_spread}, computed {spread([-3.0, -1.0, -2.0])}")
print(f"a thousand numbers: {spread([number % 37 for number in range(1000)])}")

# %% [markdown]
# **Reflect.** Replace one of the thousand numbers by a million. What happens to the spread, and what to the other 999
# distances?

# %% [markdown]
# *Your notes:*

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_spread", "points": 2, "solution": true}
# ## Say when the spread misleads (2 points)
#
# Give an example, with numbers, in which the spread says little about most of them. Which other measure would you
# report, and why does it say more there?

# %% [markdown]
# You can now say how far numbers lie apart. Close with what the reader can do next.
'''

HIDDEN = '''\
"""Graded checks of lesson 01_first: the trusted side of its 8 points."""

import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("01_first")


@pytest.mark.grade("check_spread", weight=2)
def test_spread_of_numbers_of_both_signs(student, rng):
    """The spread is right for numbers of both signs, in any order."""
    values = [-1.0, *rng.uniform(-100, 100, size=9).tolist(), 1.0]
    ordered = sorted(values)
    check.number(student.spread(values), ordered[-1] - ordered[0], what="the spread")


@pytest.mark.grade("check_spread", weight=1)
def test_spread_of_negative_numbers(student, rng):
    """The spread of negative numbers is right: nothing is compared with zero."""
    ordered = sorted(rng.uniform(-100, -50, size=7).tolist())
    check.number(student.spread(ordered[::-1]), ordered[-1] - ordered[0], what="the spread")


@pytest.mark.grade("check_spread", weight=1)
def test_spread_of_one_number(student, rng):
    """One number alone has the spread 0."""
    check.number(student.spread([float(rng.uniform(1, 9))]), low=0.0, high=0.0, what="the spread of one number")
'''

REFERENCE = """\
# %% [markdown] submission={"base": "reference"}
# The exercise solved as the course solves it, and the open question answered.

# %% [markdown] submission={"lesson": "01_first", "grade_id": "question_spread"}
# In 1, 2, 3, 2, 1, 1000 the spread is 999, although five of the six numbers lie within 2. I would report the distance
# between the quartiles: one number at the end cannot move them far.
"""

BLANK = """\
# %% [markdown] submission={"base": "release"}
# Handed in as it was released.
"""

STARTS_AT_ZERO = """\
# %% [markdown] submission={"base": "reference"}
# Both ends start at zero, which need not lie between the numbers.

# %% submission={"lesson": "01_first", "grade_id": "spread"}
def spread(values):
    largest = smallest = 0.0
    for value in values:
        largest, smallest = max(largest, value), min(smallest, value)
    return largest - smallest
"""

FIRST_AND_LAST = """\
# %% [markdown] submission={"base": "reference"}
# The numbers are taken to be in order.

# %% submission={"lesson": "01_first", "grade_id": "spread"}
def spread(values):
    return values[-1] - values[0]
"""

EXPECTED = """\
# What each submission must get of the automatic points; tests/submissions/expected.toml says what the fields mean.

[reference]
total = 8
others = "full"

[blank]
total = 0
others = "none"

[first_and_last]
total = 2
others = "full"

[first_and_last.cells.check_spread]
points = 2
lost = ["test_spread_of_numbers_of_both_signs", "test_spread_of_negative_numbers"]
why = "the ends of the list are not the ends of its numbers"

[starts_at_zero]
total = 4
others = "full"

[starts_at_zero.cells.check_spread]
points = 4
lost = ["test_spread_of_negative_numbers", "test_spread_of_one_number"]
why = "zero lies outside the numbers"
"""
