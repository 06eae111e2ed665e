"""What a trained model is made of, as nested plain values that can be written down and read back.

Each class that learns has the pair ``state() -> State`` and ``from_state(state) -> Self``. A state
holds numbers, text, None, lists, numpy arrays, `BoosterText` and further states under text keys;
it holds no object, so that reading one runs no code. The order of its keys means nothing.
`forecasting.registry` writes any such nesting: arrays as .npy, boosters as .txt, the rest as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forecasting.types import Gauge, Thresholds

State = Mapping[str, Any]


class BoosterText(str):
    """The text of a LightGBM booster (``model_to_string``), kept in a file of its own."""

    __slots__ = ()


def gauge_state(gauge: Gauge) -> State:
    """Give a gauge as plain values."""
    return {**asdict(gauge), "upstream": [*gauge.upstream], "rain_gauges": [*gauge.rain_gauges]}


def gauge_from_state(state: State) -> Gauge:
    """Give the gauge of `gauge_state`."""
    parts = {
        "thresholds": Thresholds(**state["thresholds"]),
        "upstream": tuple(state["upstream"]),
        "rain_gauges": tuple(state["rain_gauges"]),
    }
    return Gauge(**{**state, **parts})
