"""Products of features: rain does more on wet ground, a high river runs faster.

A ridge is straight; with these it bends as a flood does. They grow with the square of a flood, so
that they help a gauge with many floods and harm one with few: `lines.best_form` chooses.
"""

from __future__ import annotations

import numpy as np

from forecasting.features import Design, Floats
from forecasting.inputs import Inputs

RISES = ("rise_1_m", "rise_3_m")
RAINS = ("rain_1_mm", "rain_3_mm", "rain_6_mm")
HEIGHT, WETNESS = "above_base_m", "wetness_24h_mm"


def pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Give the features that are multiplied with each other, those that there are."""
    gauges = [name.removesuffix("age_h") for name in names if name.endswith("age_h")]
    wanted = [(HEIGHT, HEIGHT)]
    wanted += [(gauge + rise, gauge + HEIGHT) for gauge in gauges for rise in RISES]
    wanted += [(rain, other) for rain in RAINS for other in (HEIGHT, WETNESS, rain)]
    wanted += [("rise_3_m", "rain_3_mm")]
    return [pair for pair in wanted if set(pair) <= set(names)]


def interactions(known: Design) -> Floats:
    """Give the products (row, pair); a river below its base counts as at it."""
    told = [_counted(known, one) * _counted(known, other) for one, other in pairs(known.names)]
    return np.column_stack(told)


def ahead_products(inputs: Inputs) -> Floats:
    """Give rain ahead up to each step times itself, the height of the river and the wetness."""
    sums = inputs.ahead_mm.cumsum(axis=1)
    names = set(inputs.known.names)
    others = [_counted(inputs.known, name)[:, None] for name in (HEIGHT, WETNESS) if name in names]
    return np.hstack([sums**2, *(sums * other for other in others)])


def _counted(known: Design, name: str) -> Floats:
    column = known.column(name)
    return np.maximum(column, 0.0) if name.endswith(HEIGHT) else column
