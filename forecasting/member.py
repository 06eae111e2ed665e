"""The members of the mixed model: ridge and trees on the rise, each built to fail differently.

All are `RidgeThenTrees` over several leads together, the lead being a feature:

- ``line``: a ridge on own and upstream rises, rain sums and dam flows (lines); no trees.
- ``arx``: the ridge reads what the line says; both go on far beyond training.
- ``tank``: the ridge reads only what the storage model says; it fades.
- ``scaled``: no ridge; the trees have also seen the floods scaled up; they level off.
- ``trend``: ridge on the gauge's own rises, no trees: for when nothing else comes in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats
from forecasting.hybrid_regressor import RidgeThenTrees
from forecasting.inputs import Inputs
from forecasting.lines import Form, Lines
from forecasting.scaling import scaled_up
from forecasting.state import State
from forecasting.tank import Tank
from forecasting.tide import TIDE, tide_rises

KINDS = ("arx", "tank", "scaled", "line")
SHORT_H = 1.0  # leads up to this are learned apart from longer ones
ROUNDS = {True: 40, False: 45}  # trees for short and for longer leads
MOST = 20_000  # (row, lead) pairs that one regression learns from
AT_ONCE = 60_000  # pairs forecast together, so that memory stays small
AHEAD = ("rain_ahead_mm", "rain_ahead_half_mm", "rain_ahead_spread_mm")
TANK = ("tank_rise_m", "tank_error_m")
LINE = ("line_rise_m",)


@dataclass(frozen=True)
class Leads:
    """The leads of a model in time steps, and the step."""

    steps: tuple[int, ...]
    step_h: float

    def groups(self) -> list[NDArray[np.intp]]:
        """Give the numbers of the short and of the longer leads; an empty group is left out."""
        short = np.array(self.steps) * self.step_h <= SHORT_H
        return [np.flatnonzero(part) for part in (short, ~short) if part.any()]


@dataclass(frozen=True)
class Member:
    """One kind of regression of one gauge, for all leads."""

    kind: str
    leads: Leads
    scale_m: Floats  # (lead): targets are rises in units of this
    tank: Tank | None
    regressors: tuple[RidgeThenTrees, ...]  # one per group of leads; none of a line
    lines: Lines | None = None
    tidal: bool = False

    @classmethod
    def fit(
        cls,
        kind: str,
        leads: Leads,
        inputs: Inputs,
        rises_m: Floats,
        weight: Floats,
        *,
        form: Form,
        seed: int,
    ) -> Self:
        """Learn from rows of inputs, rises (row, lead), NaN = unknown, and weights (row)."""
        lively = np.flatnonzero(weight == weight.min())
        tank = Tank.fit(inputs, lively) if kind == "tank" else None
        scale_m = np.array([_size(rise_m) for rise_m in rises_m[lively].T])
        rng = np.random.default_rng(seed)
        if kind == "scaled":
            again = lively[::2]
            larger, higher_m = scaled_up(inputs.take(again), rises_m[again], rng)
            inputs, rises_m = inputs.joined(larger), np.vstack([rises_m, higher_m])
            weight = np.concatenate([weight, weight[again]])
        tidal = form.tidal and kind != "trend"
        straight = kind in ("arx", "line")
        lines = Lines.fit(form, leads.steps, inputs, rises_m, weight) if straight else None
        started = cls(kind, leads, scale_m, tank, (), lines, tidal)
        if kind == "line":
            return started
        regressors = []
        for number, group in enumerate(leads.groups()):
            pairs = np.argwhere(np.isfinite(rises_m[:, group]))
            if len(pairs) > MOST:
                pairs = pairs[np.sort(rng.choice(len(pairs), MOST, replace=False))]
            rows, lead = pairs[:, 0], group[pairs[:, 1]]
            regressor = started._regressor(inputs, number, seed)
            values = started._long(inputs, rows, lead)
            regressor.fit(values, rises_m[rows, lead] / scale_m[lead], weight[rows])
            regressors.append(regressor)
        return replace(started, regressors=tuple(regressors))

    def rises_m(self, inputs: Inputs) -> Floats:
        """Give the forecast rise (row, lead). [m]"""
        if self.kind == "line" and self.lines is not None:
            return self.lines.rises_m(inputs)
        result = np.empty((len(inputs), len(self.leads.steps)))
        for regressor, group in zip(self.regressors, self.leads.groups(), strict=True):
            chunk = max(AT_ONCE // len(group), 1)
            for first in range(0, len(inputs), chunk):
                rows = np.arange(first, min(first + chunk, len(inputs)))
                part = inputs.take(rows)
                each, lead = np.repeat(rows - first, len(group)), np.tile(group, len(rows))
                scaled = regressor.respond(self._long(part, each, lead))
                result[np.ix_(rows, group)] = scaled.reshape(len(rows), -1) * self.scale_m[group]
        return result

    def _regressor(self, inputs: Inputs, group: int, seed: int) -> RidgeThenTrees:
        names = self.columns(inputs)
        first = self.leads.groups()[group][0]
        short = self.leads.steps[first] * self.leads.step_h <= SHORT_H
        rounds = 0 if self.kind == "trend" else ROUNDS[short]
        return RidgeThenTrees(
            linear=np.flatnonzero([self._straight(name) for name in names]),
            by=names.index("lead_h"),
            rounds=rounds,
            random_state=seed,
            extra_trees=not short,
        )

    def columns(self, inputs: Inputs) -> tuple[str, ...]:
        """Give the names of what the regressions read."""
        ahead = AHEAD if inputs.ahead_mm.shape[1] else ()
        tank = TANK if self.tank is not None else ()
        line = LINE if self.lines is not None else ()
        tide = TIDE if self.tidal else ()
        return (*inputs.known.names, "lead_h", *ahead, *tank, *line, *tide)

    def _straight(self, name: str) -> bool:
        """Tell whether the ridge reads a feature."""
        if self.kind == "tank":
            return name in TANK
        if self.kind == "trend":
            return name.startswith("rise_") or name == "bend_m"
        return name in LINE

    def _long(
        self, inputs: Inputs, rows: NDArray[np.intp], lead: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Give one line of features per (row, lead) pair."""
        steps = np.array(self.leads.steps)[lead]
        parts: list[Floats | NDArray[np.float32]] = [inputs.known.values[rows]]
        parts.append((steps * self.leads.step_h)[:, None])
        if inputs.ahead_mm.shape[1]:
            sums = inputs.ahead_mm.cumsum(axis=1)
            half = np.maximum((steps + 1) // 2, 1)
            ahead = [sums[rows, steps - 1], sums[rows, half - 1]]
            parts.append(np.column_stack([*ahead, inputs.ahead_spread_mm[rows, steps - 1]]))
        if self.tank is not None:
            told = [self.tank.rises_m(inputs, one, self.leads.step_h) for one in self.leads.steps]
            rise, error = (np.stack(part, axis=1) for part in zip(*told, strict=True))
            parts.append(np.column_stack([rise[rows, lead], error[rows, lead]]))
        if self.lines is not None:
            rises_m = self.lines.rises_m(inputs)
            parts.append((rises_m / self.scale_m)[rows, lead][:, None])
        if self.tidal:
            parts.append(tide_rises(inputs.known.times[rows], steps * self.leads.step_h))
        return np.hstack(parts).astype(np.float32)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return {
            "kind": self.kind,
            "leads": {"steps": list(self.leads.steps), "step_h": self.leads.step_h},
            "scale_m": self.scale_m,
            "tank": None if self.tank is None else self.tank.state(),
            "lines": None if self.lines is None else self.lines.state(),
            "tidal": self.tidal,
            "regressors": [one.state() for one in self.regressors],
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the member that `state` was told by."""
        return cls(
            state["kind"],
            Leads(tuple(state["leads"]["steps"]), state["leads"]["step_h"]),
            state["scale_m"],
            None if state["tank"] is None else Tank.from_state(state["tank"]),
            tuple(RidgeThenTrees.from_state(one) for one in state["regressors"]),
            None if state["lines"] is None else Lines.from_state(state["lines"]),
            state["tidal"],
        )


def _size(rise_m: Floats) -> float:
    """Give the root mean square of the known rises, at least 1 cm. [m]"""
    known = rise_m[np.isfinite(rise_m)]
    return max(float(np.sqrt(np.mean(known**2))) if len(known) else 0.0, 0.01)
