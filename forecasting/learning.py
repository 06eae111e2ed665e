"""How the mixed model learns one gauge: with and without rain ahead, held-out errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.daily import between_reports
from forecasting.datum import datum_shifts, moved_m
from forecasting.fallback import ARX, LATE, MIX, PERSISTENCE, TREND, blinded, chosen, roughened
from forecasting.features import Floats, lagged
from forecasting.floods import flood_folds
from forecasting.guard import Guard
from forecasting.inputs import Inputs, without_rain
from forecasting.member import KINDS, Leads, Member
from forecasting.mix import GaugeMix, Teaching, calm, learn_members, mix_weights, name_of_member
from forecasting.spread import Spread, Standardised, fit_spread, spread_terms, turned_flood
from forecasting.state import State

FOLDS = 4  # of training time, each holding whole floods
ROUGH_FOLDS = 2  # of the fallbacks, so that they cost less; then one has seen all floods
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
    level_m = between_reports(level_m, leads.step_h)
    fold = flood_folds(level_m, inputs.known.times, FOLDS)
    taught = Teaching(dry, _rises(dry, level_m, leads), rows, fold, leads).formed()
    members, held = learn_members((*KINDS, TREND), taught, seed=seed)
    weights = mix_weights(held, taught)
    rough = {name: _rough(replace(taught, inputs=part), level_m) for name, part in
             _rough_inputs(dry, [without_rain(one) for one in silent], seed).items()}  # fmt: skip
    rough_held = _learn_rough(members, rough, seed)
    mixed = _mixed(held, weights)
    spreads = {
        MIX: _spreads(taught, mixed),
        TREND: _spreads(taught, held[TREND]),
        PERSISTENCE: _spreads(taught, np.zeros_like(mixed)),
    }
    spreads |= {name: _spreads(rough[name], rise_m) for name, rise_m in rough_held.items()}
    guard = Guard.fit(list(taught.rises_m[rows].T), dry.known.column("above_base_m")[rows])
    lesson = Lesson(
        GaugeMix(members, weights, spreads, guard), standardised(taught, mixed, spreads[MIX])
    )
    if not inputs.ahead_mm.shape[1]:
        return lesson
    taught = replace(taught, inputs=inputs)
    rough = {name: replace(rough[name], inputs=part)
             for name, part in _rough_inputs(inputs, silent, seed).items()}  # fmt: skip
    return _with_rain(lesson, taught, rough, {MIX: mixed, **rough_held}, seed)


def _with_rain(
    lesson: Lesson,
    taught: Teaching,
    rough: Mapping[str, Teaching],
    dry_m: Mapping[str, Floats],
    seed: int,
) -> Lesson:
    """Give the lesson with members that read the rain ahead, where it is known.

    `rough` teaches the fallbacks; `dry_m` are the held-out rises without rain ahead, by name of
    the chain.
    """
    known = np.isfinite(taught.inputs.ahead_mm[taught.rows]).all(axis=1)
    rows = taught.rows[known]
    taught = replace(taught, rows=rows)
    rough = {name: replace(one, rows=rows) for name, one in rough.items()}
    members, held = learn_members(KINDS, taught, seed=seed)
    rough_held = _learn_rough(members, rough, seed)
    weights = mix_weights(held, taught)
    wet_m = {MIX: _mixed(held, weights), **rough_held}
    spread_mm = taught.inputs.ahead_spread_mm[:, np.array(taught.leads.steps) - 1]
    lively = rows[~calm(taught.inputs)[rows]]
    doubt_mm = _least_doubt(
        wet_m[MIX][lively], dry_m[MIX][lively], spread_mm[lively], taught.rises_m[lively]
    )
    mixed = {name: believed(rise_m, dry_m[name], spread_mm, doubt_mm)
             for name, rise_m in wet_m.items()}  # fmt: skip
    spreads = {name: _spreads({MIX: taught, **rough}[name], rise_m)
               for name, rise_m in mixed.items()}  # fmt: skip
    mix = GaugeMix(members, weights, spreads, lesson.mix.guard)
    told = tuple(standardised(taught, mixed[MIX], spreads[MIX]))
    return replace(lesson, rain=RainMix(mix, doubt_mm), rain_errors=told)


def _rough_inputs(inputs: Inputs, silent: Sequence[Inputs], seed: int) -> dict[str, Inputs]:
    """Give what each fallback learns from: feeds missing; the gauge silent, feeds or not.

    The same seed picks the same gaps, with and without rain ahead. Where the gauge was late of
    itself, as one that is triggered by high water often is, it is learned as it was.
    """
    silenced = roughened([*silent, *blinded(silent[len(silent) // 2])], seed)
    truly = (chosen(inputs) == LATE).astype(np.intp)
    late = silenced.picked([silenced, inputs], truly)
    return {ARX: roughened(blinded(inputs) or [inputs], seed), LATE: late}


def _rough(taught: Teaching, level_m: Floats) -> Teaching:
    """Give the teaching of a fallback: rises from the levels that its inputs start from."""
    rises_m = _rises(taught.inputs, level_m, taught.leads)
    return replace(taught, rises_m=rises_m, fold=taught.fold % ROUGH_FOLDS)


def _learn_rough(
    members: dict[str, tuple[Member, ...]], rough: Mapping[str, Teaching], seed: int
) -> dict[str, Floats]:
    """Add the fallbacks to `members`; give their held-out rises (time, lead). [m]"""
    held_m = {}
    for name, taught in rough.items():
        learned, held = learn_members(("arx",), taught, seed=seed)
        members[name_of_member(name)], held_m[name] = learned["arx"], held["arx"]
    return held_m


def believed(wet_m: Floats, dry_m: Floats, spread_mm: Floats, doubt_mm: Floats) -> Floats:
    """Give the rise (row, lead) between the one told with rain ahead and the one without. [m]"""
    share = 1 / (1 + (spread_mm / doubt_mm) ** 2)
    known = np.isfinite(share) & np.isfinite(wet_m)
    return np.where(known, np.where(known, share * wet_m + (1 - share) * dry_m, 0.0), dry_m)


def terms_of(inputs: Inputs, rise_m: Floats, steps: int) -> Floats:
    """Give what the spread of one lead may grow with, (row, term): age and rain ahead besides."""
    terms = np.column_stack([spread_terms(inputs.known, rise_m), inputs.known.age_h])
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
        told.append(spread.standardised(rows, terms, error_m, forecast_m[rows, lead], flood))
    return told


def _spreads(taught: Teaching, forecast_m: Floats) -> tuple[Spread, ...]:
    """Give the spread of the held-out errors of a forecast (time, lead), one per lead."""
    parts = [_errors(taught, forecast_m, lead) for lead in range(forecast_m.shape[1])]
    return tuple(
        fit_spread(terms, error_m, forecast_m[rows, lead])
        for lead, (rows, error_m, terms) in enumerate(parts)
    )


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
    """Give the rise (time, lead) from the last level known at each time. [m]

    NaN where the gauge's zero was moved in between.
    """
    known = inputs.known
    moved = moved_m(len(level_m), datum_shifts(level_m, leads.step_h))
    age = np.nan_to_num(known.age_h / leads.step_h).round().astype(int)
    start = moved[np.maximum(np.arange(len(moved)) - age, 0)]
    each = []
    for n in leads.steps:
        rise_m = lagged(level_m, -n) - known.level_m
        each.append(np.where(lagged(moved, -n) == start, rise_m, np.nan))
    return np.stack(each, axis=1)


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
