"""How the mixed model learns one gauge: with and without rain ahead, held-out errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.fallback import ARX, MIX, PERSISTENCE, TREND, roughened
from forecasting.features import Floats, lagged
from forecasting.floods import flood_folds
from forecasting.guard import Guard
from forecasting.inputs import Inputs, without_rain
from forecasting.member import KINDS, Leads
from forecasting.mix import GaugeMix, Teaching, calm, learn_members, mix_weights, name_of_member
from forecasting.spread import Spread, Standardised, fit_spread, spread_terms, turned_flood
from forecasting.state import State

FOLDS = 4  # of training time, each holding whole floods
ROUGH_FOLDS = 2  # of the fallback, so that it costs less; then one has seen all floods
DOUBTS_MM = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e6)  # tried for `RainMix.doubt_mm`


@dataclass(frozen=True)
class RainMix:
    """A mix that reads forecast rain, and how far to believe it.

    Its rise counts 1 / (1 + (s / doubt)^2), s being the spread of the rain's sum up to the lead;
    the rise told without forecast rain counts the rest.
    """

    mix: GaugeMix
    doubt_mm: Floats  # (lead)

    def blended(self, wet_m: Floats, dry_m: Floats, spread_mm: Floats) -> Floats:
        """Give the rise (row, lead) from both; where the rain is not known, the dry one. [m]"""
        return believed(wet_m, dry_m, spread_mm, self.doubt_mm)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return {"mix": self.mix.state(), "doubt_mm": self.doubt_mm}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the rain mix that `state` was told by."""
        return cls(GaugeMix.from_state(state["mix"]), state["doubt_mm"])


@dataclass(frozen=True)
class Lesson:
    """What was learned of one gauge, and its held-out errors at each lead."""

    mix: GaugeMix
    errors: list[Standardised]
    rain: RainMix | None = None
    rain_errors: tuple[Standardised, ...] = ()


def learn_gauge(
    inputs: Inputs,
    silent: list[Inputs],
    level_m: Floats,
    leads: Leads,
    rows: NDArray[np.intp],
    *,
    seed: int,
) -> Lesson:
    """Give what a gauge teaches; `inputs` with rain ahead teach a `RainMix` besides.

    Parameters
    ----------
    silent
        The inputs as they would be if the gauge itself had been silent for a while.
    level_m
        The levels (time) that came. [m]
    rows
        Of the times to learn from.
    """
    dry = without_rain(inputs)
    fold = flood_folds(level_m, inputs.known.times, FOLDS)
    taught = Teaching(dry, _rises(dry, level_m, leads), rows, fold, leads)
    members, held = learn_members((*KINDS, TREND), taught, seed=seed)
    weights = mix_weights(held, taught)
    rough_inputs = roughened(dry, silent, seed)
    rough = replace(
        taught,
        inputs=rough_inputs,
        rises_m=_rises(rough_inputs, level_m, leads),
        fold=fold % ROUGH_FOLDS,
    )
    rough_members, rough_held = learn_members(("arx",), rough, seed=seed)
    members[name_of_member(ARX)] = rough_members["arx"]
    mixed = _mixed(held, weights)
    spreads = {
        MIX: _spreads(taught, mixed),
        ARX: _spreads(rough, rough_held["arx"]),
        TREND: _spreads(taught, held[TREND]),
        PERSISTENCE: _spreads(taught, np.zeros_like(mixed)),
    }
    guard = Guard.fit(list(taught.rises_m[rows].T), dry.known.column("above_base_m")[rows])
    lesson = Lesson(
        GaugeMix(members, weights, spreads, guard), standardised(taught, mixed, spreads[MIX])
    )
    if not inputs.ahead_mm.shape[1]:
        return lesson
    return _with_rain(lesson, replace(taught, inputs=inputs), mixed, seed)


def _with_rain(lesson: Lesson, taught: Teaching, dry_m: Floats, seed: int) -> Lesson:
    """Give the lesson with members that read the rain ahead, where it is known."""
    known = np.isfinite(taught.inputs.ahead_mm[taught.rows]).all(axis=1)
    taught = replace(taught, rows=taught.rows[known])
    members, held = learn_members(KINDS, taught, seed=seed)
    weights = mix_weights(held, taught)
    wet_m = _mixed(held, weights)
    spread_mm = taught.inputs.ahead_spread_mm[:, np.array(taught.leads.steps) - 1]
    lively = taught.rows[~calm(taught.inputs)[taught.rows]]
    doubt_mm = _least_doubt(wet_m[lively], dry_m[lively], spread_mm[lively], taught.rises_m[lively])
    mixed = believed(wet_m, dry_m, spread_mm, doubt_mm)
    spreads = {MIX: _spreads(taught, mixed)}
    mix = GaugeMix(members, weights, spreads, lesson.mix.guard)
    told = tuple(standardised(taught, mixed, spreads[MIX]))
    return replace(lesson, rain=RainMix(mix, doubt_mm), rain_errors=told)


def believed(wet_m: Floats, dry_m: Floats, spread_mm: Floats, doubt_mm: Floats) -> Floats:
    """Give the rise (row, lead) between the one told with rain ahead and the one without. [m]"""
    share = 1 / (1 + (spread_mm / doubt_mm) ** 2)
    known = np.isfinite(share) & np.isfinite(wet_m)
    return np.where(known, np.where(known, share * wet_m + (1 - share) * dry_m, 0.0), dry_m)


def terms_of(inputs: Inputs, rise_m: Floats, steps: int) -> Floats:
    """Give what the spread of one lead may grow with, (row, term), rain ahead included."""
    terms = spread_terms(inputs.known, rise_m)
    if not inputs.ahead_mm.shape[1]:
        return terms
    ahead = inputs.ahead_mm[:, :steps].sum(axis=1)
    return np.column_stack([terms, ahead, inputs.ahead_spread_mm[:, steps - 1]])


def standardised(
    taught: Teaching, forecast_m: Floats, spreads: tuple[Spread, ...]
) -> list[Standardised]:
    """Give the held-out errors of each lead in units of their spread."""
    told = []
    for lead, spread in enumerate(spreads):
        rows, error_m, terms = _errors(taught, forecast_m, lead)
        rise_m = taught.rises_m[rows, lead]
        flood = turned_flood(taught.inputs.known.level_m[rows] + rise_m, rise_m)
        told.append(spread.standardised(rows, terms, error_m, flood))
    return told


def _spreads(taught: Teaching, forecast_m: Floats) -> tuple[Spread, ...]:
    """Give the spread of the held-out errors of a forecast (time, lead), one per lead."""
    parts = [_errors(taught, forecast_m, lead) for lead in range(forecast_m.shape[1])]
    return tuple(fit_spread(terms, error_m) for _, error_m, terms in parts)


def _errors(
    taught: Teaching, forecast_m: Floats, lead: int
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Give (rows, errors, terms) of the rows whose error at a lead is known."""
    error_m = (taught.rises_m - forecast_m)[taught.rows, lead]
    rows = taught.rows[np.isfinite(error_m)]
    steps = taught.leads.steps[lead]
    terms = terms_of(taught.inputs.take(rows), forecast_m[rows, lead], steps)
    return rows, error_m[np.isfinite(error_m)], terms


def _rises(inputs: Inputs, level_m: Floats, leads: Leads) -> Floats:
    """Give the rise (time, lead) from the last level known at each time. [m]"""
    return np.stack([lagged(level_m, -n) - inputs.known.level_m for n in leads.steps], axis=1)


def _mixed(held: Mapping[str, Floats], weights: Floats) -> Floats:
    each = np.stack([held[kind] for kind in KINDS], axis=2)
    return np.asarray(np.einsum("rlk,lk->rl", each, weights))


def _least_doubt(wet_m: Floats, dry_m: Floats, spread_mm: Floats, truth_m: Floats) -> Floats:
    """Give the doubt (lead) whose blend errs least on floods not seen."""
    wrong = []
    for doubt in DOUBTS_MM:
        error_m = believed(wet_m, dry_m, spread_mm, np.array(doubt)) - truth_m
        wrong.append(np.nanmean(error_m**2, axis=0))
    return np.asarray(np.array(DOUBTS_MM)[np.argmin(np.stack(wrong), axis=0)])
