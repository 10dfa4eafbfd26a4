"""Do a module's notebooks hold the points that the module declares?"""

from __future__ import annotations

from collections.abc import Sequence

from tinytorch.course.exercises import Exercise
from tinytorch.course.module_facts import FACTS_FILE, ModuleFacts


def points_problems(found: Sequence[Exercise], facts: ModuleFacts) -> list[str]:
    """Returns a sentence with both numbers for each kind of points that doesn't add up; an empty list if all do."""
    problems = []
    for kind, is_manual, declared in (
        ("automatic", False, facts.automatic_points),
        ("manual", True, facts.manual_points),
    ):
        total = sum(exercise.points for exercise in found if exercise.manual is is_manual)
        if abs(total - declared) > 1e-9:
            problems.append(
                f"the notebooks' {kind} points add up to {total:g}, and {FACTS_FILE} declares {declared:g}; "
                "correct the cells or the declaration"
            )
    return problems
