"""What a forecast is made with when something does not come in, and its name.

The mix of members needs everything. ``arx`` was trained without rain or without the gauges
upstream, ``arx, level late`` with a gauge that has itself been silent for some hours; both read
forecast rain where there is some. ``trend`` needs the gauge's own rises; ``persistence`` its last
level. The two kinds of ``arx`` are learned apart: what a rise upstream tells is more where the
gauge's own is not known (3 h of silence, K-water floods to 2019 held out, error at 1 h: 18 to 34 %
less than one ``arx`` for both).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecasting.inputs import Inputs

MIX, ARX, LATE, TREND = "gbm", "arx", "arx, level late", "trend"
PERSISTENCE, NONE = "persistence", "none"
CHAIN = (MIX, ARX, LATE, TREND, PERSISTENCE)
READS_RAIN = (MIX, ARX, LATE)  # these also read the rain of the lead window
RAIN = "rain_3_mm"  # known = enough of the last 3 steps


def chosen(inputs: Inputs) -> NDArray[np.str_]:
    """Give what each row can be forecast with (row): a name of `CHAIN`, or "none"."""
    known = inputs.known
    level = np.isfinite(known.level_m)
    own = level & np.isfinite(known.column("rise_1_m")) & np.isfinite(known.column("rise_3_m"))
    feeds = [np.isfinite(known.column(name)) for name in feed_columns(known.names)]
    every = np.all(feeds, axis=0) if feeds else np.ones(len(level), dtype=bool)
    some = np.any(feeds, axis=0) if feeds else every
    conditions = [~level, own & every, own & some, some, own]
    names = [NONE, MIX, ARX, LATE, TREND]
    return np.select(conditions, names, default=PERSISTENCE)


def feed_columns(names: tuple[str, ...]) -> list[str]:
    """Give the features that tell whether rain and each gauge upstream are there."""
    return [name for name in names if name == RAIN or name.endswith("_age_h")]


def blinded(inputs: Inputs) -> list[Inputs]:
    """Give the inputs without any rain, and without any gauge upstream if there is one."""
    names = inputs.known.names
    rain = [name for name in names if "rain_" in name or name.startswith("wetness")]
    up = [name for name in names if _of_upstream(name, names)]
    everywhere = np.ones(len(inputs), dtype=bool)
    return [inputs.without(columns, everywhere) for columns in (rain, up) if columns]


def roughened(variants: Sequence[Inputs], seed: int) -> Inputs:
    """Give the inputs as one of the variants at each time, drawn evenly, for training.

    A variant with a silent gauge starts its forecast from an older level.
    """
    pick = np.random.default_rng(seed).integers(0, len(variants), len(variants[0]))
    return variants[0].picked(variants, pick)


def _of_upstream(name: str, names: tuple[str, ...]) -> bool:
    """Tell whether a feature is one of a gauge upstream: it has an age of its own."""
    gauges = [one.removesuffix("_age_h") for one in names if one.endswith("_age_h")]
    return any(name.startswith(f"{gauge}_") for gauge in gauges)
