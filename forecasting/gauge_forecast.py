"""The forecast of one gauge by what it has learned: each time with what it has inputs for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.fallback import CHAIN, READS_RAIN, chosen
from forecasting.features import Floats
from forecasting.inputs import Inputs, without_rain
from forecasting.intervals import QUANTILES, Bands
from forecasting.learning import RainMix, terms_of
from forecasting.member import Leads
from forecasting.mix import GaugeMix
from forecasting.reach import FREE, guarded, within_reach
from forecasting.spread import Spread
from forecasting.state import State


@dataclass(frozen=True)
class Learned:
    """What is known of one gauge: names of its features, its mix, and the one that reads rain."""

    names: tuple[str, ...]
    mix: GaugeMix
    rain: RainMix | None

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        rain = None if self.rain is None else self.rain.state()
        return {"names": list(self.names), "mix": self.mix.state(), "rain": rain}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give what `state` was told by."""
        rain = None if state["rain"] is None else RainMix.from_state(state["rain"])
        return cls(tuple(state["names"]), GaugeMix.from_state(state["mix"]), rain)


@dataclass(frozen=True)
class AllBands:
    """The distribution of the errors without and with forecast rain; None = never taught with."""

    dry: Bands
    wet: Bands | None


@dataclass(frozen=True)
class GaugeForecast:
    """Forecasts of one gauge at each issue time."""

    levels_m: Floats  # (time, lead, quantile)
    last_m: Floats
    age_h: Floats
    used: NDArray[np.str_]
    guarded: NDArray[np.int8]  # (time, lead): see `reach`


def forecast_gauge(
    learned: Learned, inputs: Inputs, leads: Leads, bands: AllBands
) -> GaugeForecast:
    """Give the forecast at each row of the inputs, by the mix or by what stands in for it."""
    used = chosen(inputs)
    levels = np.full((len(inputs), len(leads.steps), len(QUANTILES)), np.nan)
    bounded = np.zeros(levels.shape[:2], dtype=np.int8)
    heard = _heard(inputs, leads) & np.isin(used, READS_RAIN)[:, None]
    for name in CHAIN:
        rows = np.flatnonzero((used == name) & ~heard.all(axis=1))
        if len(rows):
            dry = without_rain(inputs.take(rows))
            rises_m, cut = learned.mix.rises_m(name, dry)
            spreads = learned.mix.spreads[name]
            told, bent = _levels(learned, dry, rises_m, spreads, leads=leads, bands=bands.dry)
            levels[rows], bounded[rows] = told, guarded(cut, bent)
        rows = np.flatnonzero((used == name) & heard.any(axis=1))
        if len(rows) and learned.rain is not None and bands.wet is not None:
            wet = inputs.take(rows)
            rises_m, cut = _with_rain(name, learned.mix, learned.rain, wet, leads)
            spreads = learned.rain.mix.spreads[name]
            told, bent = _levels(learned, wet, rises_m, spreads, leads=leads, bands=bands.wet)
            levels[rows] = np.where(heard[rows][:, :, None], told, levels[rows])
            bounded[rows] = np.where(heard[rows], guarded(cut, bent), bounded[rows])
    return GaugeForecast(levels, inputs.known.level_m, inputs.known.age_h, used, bounded)


def _heard(inputs: Inputs, leads: Leads) -> NDArray[np.bool_]:
    """Tell at which leads (row, lead) the rain up to the lead is forecast."""
    if not inputs.ahead_mm.shape[1]:
        return np.zeros((len(inputs), len(leads.steps)), dtype=bool)
    return np.isfinite(inputs.ahead_mm[:, np.array(leads.steps) - 1])


def _with_rain(
    name: str, mix: GaugeMix, rain: RainMix, inputs: Inputs, leads: Leads
) -> tuple[Floats, NDArray[np.bool_]]:
    """Give the rise (row, lead) from the rain ahead, as far as it is believed. [m]"""
    dry_m, dry_cut = mix.rises_m(name, without_rain(inputs))
    wet_m, wet_cut = rain.mix.rises_m(name, inputs)
    spread_mm = inputs.ahead_spread_mm[:, np.array(leads.steps) - 1]
    return rain.blended(wet_m, dry_m, spread_mm), dry_cut | wet_cut


def _levels(
    learned: Learned,
    inputs: Inputs,
    rises_m: Floats,
    spreads: Sequence[Spread],
    *,
    leads: Leads,
    bands: Bands,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Give levels (row, lead, quantile) and where the river's limits bent them (row, lead).

    A level is the last one + the forecast rise + a quantile of its error. [m]
    """
    quantiles = np.empty((len(inputs), len(leads.steps), len(QUANTILES)))
    for lead, (spread, steps) in enumerate(zip(spreads, leads.steps, strict=True)):
        rise_m = rises_m[:, lead]
        terms = terms_of(inputs, rise_m, steps)
        quantiles[:, lead] = rise_m[:, None] + bands.errors_m(lead, spread, terms, rise_m)
    guard, above_base_m = learned.mix.guard, inputs.known.column("above_base_m")
    limits = [guard.bound(np.full_like(rises_m, end), above_base_m) for end in (-np.inf, np.inf)]
    # A river above the level limit may still rise as fast as any flood of the training.
    pace_m = guard.bound(np.full_like(rises_m, np.inf), np.full(len(inputs), -np.inf))
    limits[1] = np.maximum(limits[1], FREE * pace_m)
    told_m, bent = within_reach(quantiles, QUANTILES.index(0.5), *limits)
    return inputs.known.level_m[:, None, None] + told_m, bent
