"""Floods larger than any seen: training events with rises and rain scaled up together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats
from forecasting.inputs import Inputs

FACTORS = (1.3, 2.0)  # how much larger, drawn evenly between


def scaled_up(inputs: Inputs, rises_m: Floats, rng: np.random.Generator) -> tuple[Inputs, Floats]:
    """Give the same rows as floods 1.3 to 2 times larger, and their rises (row, lead).

    Assumption: a larger flood is the same flood with all rises, rain, storages and dam flows
    multiplied by one factor; ages of readings stay.
    """
    factor = rng.uniform(*FACTORS, size=(len(inputs), 1))
    known = inputs.known
    values = np.where(grows(known.names), known.values * factor, known.values)
    larger = replace(
        inputs,
        known=replace(known, values=values.astype(np.float32)),
        upper=inputs.upper * factor,
        lower=inputs.lower * factor,
        above_low_m=inputs.above_low_m * factor[:, 0],
        ahead_mm=inputs.ahead_mm * factor,
        ahead_spread_mm=inputs.ahead_spread_mm * factor,
    )
    return larger, rises_m * factor


def grows(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Tell which features grow with a flood: all but the ages of readings."""
    return np.array([not name.endswith("age_h") for name in names])
