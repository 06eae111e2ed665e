"""What a forecast is made with when something does not come in, and its name.

The mix of members needs everything; ``arx`` was trained with a silent gauge, without rain and
without the gauges upstream; ``trend`` needs the gauge's own rises; ``persistence`` its last level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecasting.inputs import Inputs

MIX, ARX, TREND, PERSISTENCE, NONE = "gbm", "arx", "trend", "persistence", "none"
CHAIN = (MIX, ARX, TREND, PERSISTENCE)
RAIN = "rain_3_mm"  # known = enough of the last 3 steps


def chosen(inputs: Inputs) -> NDArray[np.str_]:
    """Give what each row can be forecast with (row): a name of `CHAIN`, or "none"."""
    known = inputs.known
    level = np.isfinite(known.level_m)
    own = level & np.isfinite(known.column("rise_1_m")) & np.isfinite(known.column("rise_3_m"))
    feeds = [np.isfinite(known.column(name)) for name in feed_columns(known.names)]
    every = np.all(feeds, axis=0) if feeds else np.ones(len(level), dtype=bool)
    some = np.any(feeds, axis=0) if feeds else np.zeros(len(level), dtype=bool)
    conditions = [~level, own & every, some, own]
    names = [NONE, MIX, ARX, TREND]
    return np.select(conditions, names, default=PERSISTENCE)


def feed_columns(names: tuple[str, ...]) -> list[str]:
    """Give the features that tell whether rain and each gauge upstream are there."""
    return [name for name in names if name == RAIN or name.endswith("_age_h")]


def roughened(inputs: Inputs, silent: Sequence[Inputs], seed: int) -> Inputs:
    """Give the inputs as if at each time something else were missing, for training.

    One of: the gauge itself silent for as long as in each of `silent`, no rain, no gauge upstream.
    A silent gauge starts its forecast from an older level.
    """
    rng = np.random.default_rng(seed)
    names = inputs.known.names
    rain = [name for name in names if "rain_" in name or name.startswith("wetness")]
    up = [name for name in names if _of_upstream(name, names)]
    variants = [*silent, inputs.without(rain, np.ones(len(inputs), dtype=bool))]
    variants += [inputs.without(up, np.ones(len(inputs), dtype=bool))] if up else []
    pick = rng.integers(0, len(variants), len(inputs))
    return inputs.picked(variants, pick)


def _of_upstream(name: str, names: tuple[str, ...]) -> bool:
    """Tell whether a feature is one of a gauge upstream: it has an age of its own."""
    gauges = [one.removesuffix("_age_h") for one in names if one.endswith("_age_h")]
    return any(name.startswith(f"{gauge}_") for gauge in gauges)
