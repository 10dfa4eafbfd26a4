"""What the five analyses share: the machine, the results so far, and the recommendations they led to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from tinytorch import hardware
from tinytorch.analyses.judgment import Roof, roof_over
from tinytorch.analyses.kernel_run import KernelRun
from tinytorch.analyses.written import PURPOSES, Choice, Kernel, first_written

Result = TypeVar("Result", bound=Mapping[str, Any])


class AnalysisState:
    """The machine, the results so far, and the recommendations they led to.

    hardware_config: what was detected or measured, overridden by what the caller names; hardware_sources says which.
    analysis_results and baseline_measurements go by the analysis; the latter holds microseconds by what was timed.
    """

    def __init__(self, hardware_config: hardware.HardwareConfig | None = None) -> None:
        self.machine = hardware.configure(hardware_config)
        self.hardware_config = self.machine.values
        self.hardware_sources = self.machine.sources
        self.analysis_results: dict[str, Mapping[str, Any]] = {}
        self.baseline_measurements: dict[str, dict[str, float]] = {}

    def keep(self, name: str, result: Result, times_us: Mapping[str, float]) -> Result:
        """Stores one analysis's result, with the machine card, and the times it started from; returns the result."""
        complete = cast(Result, {**result, "machine": hardware.card().as_dict()})
        self.analysis_results[name] = complete
        if times_us:
            self.baseline_measurements[name] = dict(times_us)
        return complete

    @property
    def optimization_recommendations(self) -> list[str]:
        """The recommendations of all results so far, in their order."""
        return [line for result in self.analysis_results.values() for line in result["recommendations"]]

    def result(self, name: str) -> Mapping[str, Any]:
        """The result stored under `name`; raises ValueError if that analysis has not run."""
        if name not in self.analysis_results:
            present = ", ".join(self.analysis_results) or "none yet"
            raise ValueError(f"no result {name!r} is kept; there is {present}")
        return self.analysis_results[name]

    def roof(self, run: KernelRun) -> Roof:
        """Bandwidth at the run's working set (or the one given) and peak, of as many cores as the run kept busy."""
        return roof_over(run, self.machine)

    def exercise(self, name: str) -> Callable[..., Any]:
        """The function with which a lesson says what figures mean; its class overrides this. Raises KeyError here."""
        raise KeyError(name)

    def ask(self, name: str, *measured: Any) -> Any:
        """What the lesson's function of that name returns; NameError if it is not defined."""
        try:
            function = self.exercise(name)
        except KeyError:
            raise NameError(f"{name} is not defined: run the cell that defines it") from None
        return function(*measured)

    def kernel(self, lesson: str, name: str) -> Kernel:
        """The kernel of an earlier lesson: a class that knows the lessons overrides this. Raises LookupError here."""
        raise LookupError(f"no lesson {lesson} with a kernel {name} is known here")

    def written(self, purpose: str) -> Choice:
        """The first kernel for one of `PURPOSES` that is written; a note says so where it is not the first choice."""
        return first_written(PURPOSES[purpose], self.kernel)
