"""Two laws of scaling, fitted to a workload's times on several workers by least squares.

Amdahl's law: a share `sigma` of the work is done by one worker while the others wait. The universal scalability law
adds `kappa`: every worker has to agree with every other one, which takes longer the more there are, so that a speedup
can fall again. With kappa = 0 it is Amdahl's law. Sources: G. Amdahl, Validity of the single processor approach to
achieving large scale computing capabilities, AFIPS 1967; N. J. Gunther, Guerrilla Capacity Planning, Springer 2007,
chapters 4 (the law) and 5 (its parameters by regression on measurements).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Figures = dict[str, Any]  # named figures, with their `source`

WORTH_IT = 1.05  # times as fast: less is no reason for a further worker
NOISE = 0.02  # residuals below this share are no reason for a second parameter, even if the spread was smaller


@dataclass(frozen=True, slots=True)
class Law:
    """A law with its parameters as fitted; `residual` is the RMS of (time by the law / time measured - 1).

    points: measured worker counts above one. spare: points less fitted parameters; without one nothing tests the law.
    """

    name: str
    sigma: float
    kappa: float
    residual: float
    points: int
    spare: int

    def speedup(self, workers: float) -> float:
        """The speedup over one worker that the law predicts: p / (1 + sigma (p - 1) + kappa p (p - 1))."""
        return workers / (1 + self.sigma * (workers - 1) + self.kappa * workers * (workers - 1))

    def best_workers(self) -> int | None:
        """The worker count of the largest predicted speedup; None if every further one helps a little.

        The law's maximum is at sqrt((1 - sigma) / kappa), between two whole numbers (Gunther, chapter 4).
        """
        if self.sigma >= 1 or (self.kappa <= 0 and self.limit() < WORTH_IT):
            return 1
        if self.kappa <= 0:
            return None
        peak = max(1.0, math.sqrt((1 - self.sigma) / self.kappa))
        return max(math.floor(peak), math.ceil(peak), key=lambda workers: (self.speedup(workers), -workers))

    def limit(self) -> float:
        """The limit of the speedup as workers are added; infinite for perfect scaling, 0 if it falls again."""
        if self.kappa > 0:
            return 0.0
        return 1 / self.sigma if self.sigma > 0 else math.inf

    def spread(self) -> float:
        """The standard deviation of the residuals, which counts a fitted parameter; infinite without a spare point."""
        return self.residual * math.sqrt(self.points / self.spare) if self.spare > 0 else math.inf


def fit_amdahl(times_us: Mapping[int, float]) -> Law | None:
    """Amdahl's law for these times; one worker's must be there. None without a second count."""
    workers, relative = _relative(times_us)
    if workers.size == 0:
        return None
    serial, target = (workers - 1) / workers / relative, 1 - 1 / (workers * relative)
    sigma = float(np.clip(serial @ target / (serial @ serial), 0.0, 1.0))
    return _law("Amdahl's law", sigma, 0.0, workers, relative, parameters=1)


def fit_universal(times_us: Mapping[int, float]) -> Law | None:
    """The universal scalability law for these times, both parameters at least 0. None with fewer than two more counts.

    The time on p workers over that on one is (1 + sigma (p - 1) + kappa p (p - 1)) / p: linear in both parameters. Each
    equation is divided by the measured value, so that the relative error of the law is minimized.
    """
    workers, relative = _relative(times_us)
    if workers.size < 2:
        return None
    columns = np.stack([(workers - 1) / workers / relative, (workers - 1) / relative], axis=1)
    target = 1 - 1 / (workers * relative)
    both = np.linalg.lstsq(columns, target, rcond=None)[0]
    # where one is negative, the least squares with both at least 0 lie on an edge
    alone = np.maximum((columns.T @ target) / np.sum(columns**2, axis=0), 0.0)
    candidates = [both] if (both >= 0).all() else [np.array([alone[0], 0.0]), np.array([0.0, alone[1]])]
    laws = [
        _law("the universal scalability law", float(sigma), float(kappa), workers, relative, parameters=2)
        for sigma, kappa in candidates
    ]
    return min(laws, key=lambda law: law.residual)


def better_law(amdahl: Law | None, universal: Law | None, noise: float = NOISE) -> tuple[Law | None, str]:
    """Returns the law that describes the times better, and the reason; None if the times cannot decide it.

    `noise`: the share by which the measured ratios themselves are uncertain. Amdahl's law with its one parameter is
    kept unless it misses the times by more than that and the second parameter pays for itself.
    """
    if amdahl is None or universal is None:
        return None, "times on one worker and at least two further counts are needed to tell the two laws apart"
    if amdahl.residual <= max(noise, NOISE):
        return amdahl, f"it misses the times by {amdahl.residual:.1%}, no more than they are uncertain"
    if universal.spare < 1:
        return (
            universal,
            f"Amdahl's law misses the times by {amdahl.residual:.1%}; with two counts nothing tests this one",
        )
    if universal.spread() < amdahl.spread():
        return universal, f"it misses the times by {universal.residual:.1%}, Amdahl's law by {amdahl.residual:.1%}"
    return amdahl, f"a second parameter does not pay for itself; both miss the times by about {amdahl.residual:.1%}"


def law_figures(times_us: Mapping[int, float], noise: float = NOISE) -> Figures:
    """Both laws as figures, and which is the better; None, with a reason, where one cannot be fitted."""
    amdahl, universal = (fit(times_us) if 1 in times_us else None for fit in (fit_amdahl, fit_universal))
    better, why = better_law(amdahl, universal, noise)
    figures: Figures = {"source": "derived", "noise": noise, "better": None if better is None else better.name}
    figures["reason"] = why
    for key, law in (("amdahl", amdahl), ("universal", universal)):
        figures[key] = None if law is None else _figures(law)
    return figures


def law_of(figures: Figures | None) -> Law | None:
    """Returns the law that these figures of `law_figures` describe."""
    if figures is None:
        return None
    names = ("name", "sigma", "kappa", "residual", "points", "spare")
    return Law(**{name: figures[name] for name in names})


def _figures(law: Law) -> Figures:
    best = law.best_workers()
    return {
        "name": law.name,
        "sigma": law.sigma,
        "kappa": law.kappa,
        "residual": law.residual,
        "points": law.points,
        "spare": law.spare,
        "best_worker_count": best,
        "best_speedup": None if best is None else law.speedup(best),
        "source": "derived",
        **({} if best else {"reason": f"by this law every further worker helps: {_limit_words(law)}"}),
    }


def _limit_words(law: Law) -> str:
    """Returns the limit of the speedup as a clause of a sentence."""
    return f"the speedup tends to {law.limit():.3g}" if law.sigma > 0 else "the speedup grows with every one"


def _relative(times_us: Mapping[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """(worker counts above one, time on them over the time on one worker)."""
    if not all(time_us > 0 for time_us in times_us.values()) or 1 not in times_us:
        raise ValueError(f"need positive times, that of one worker among them; got {dict(times_us)}")
    workers = np.array(sorted(p for p in times_us if p > 1), dtype=np.float64)
    return workers, np.array([times_us[int(p)] / times_us[1] for p in workers])


def _law(name: str, sigma: float, kappa: float, workers: np.ndarray, relative: np.ndarray, parameters: int) -> Law:
    predicted = (1 + sigma * (workers - 1) + kappa * workers * (workers - 1)) / workers
    residual = float(np.sqrt(np.mean((predicted / relative - 1) ** 2)))
    return Law(name, sigma, kappa, residual, workers.size, workers.size - parameters)
