"""The newest window of all gauges is what `window_of` gives of each alone."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forecasting.latest import Network, latest_window
from forecasting.types import BAD, GOOD, MISSING, Gauge, Observations, check_observations
from forecasting.window import window_of

GAUGES = (
    Gauge("lower", "", "", 141.0, 37.0, upstream=("left", "right"), rain_gauges=("r1",)),
    Gauge("left", "", "", 141.0, 37.1, rain_gauges=("r2",)),
    Gauge("right", "", "", 141.1, 37.1, upstream=("nowhere",)),
    Gauge("alone", "", "", 142.0, 38.0),
)
RAINS = ("r1", "r2", "r3")


def observed(hours: int, *, seed: int = 0) -> Observations:
    """Give random levels and rain, a tenth missing or bad."""
    draw = np.random.default_rng(seed)
    data = {}
    for name, dim, size in (("level", "gauge", len(GAUGES)), ("rain", "rain_gauge", len(RAINS))):
        values = np.abs(np.cumsum(draw.normal(0, 0.1, (hours, size)), axis=0))
        flags = draw.choice([GOOD, BAD, MISSING], values.shape, p=[0.9, 0.05, 0.05])
        values[flags == MISSING] = np.nan
        variable = "level_m" if name == "level" else "rain_mm"
        data[variable] = (("time", dim), values)
        data[f"{name}_flag"] = (("time", dim), flags.astype("int8"))
    coords = {
        "time": pd.date_range("2030-01-01", periods=hours, freq="1h", unit="ns"),
        "gauge": [gauge.gauge_id for gauge in GAUGES],
        "rain_gauge": list(RAINS),
    }
    return check_observations(xr.Dataset(data, coords=coords))


@pytest.mark.parametrize("hours", [2, 30, 100, 500])
def test_every_row_is_the_last_row_of_the_gauge_alone(hours: int) -> None:
    series = observed(hours)
    together = latest_window(series, Network.of(GAUGES, RAINS))
    for row, gauge in enumerate(GAUGES):
        alone = window_of(series, gauge.gauge_id, GAUGES)
        for field in fields(alone):
            if field.name == "step_h":
                continue
            mine, its = getattr(together, field.name)[row], getattr(alone, field.name)[-1]
            np.testing.assert_allclose(mine, its, rtol=1e-12, atol=1e-12, err_msg=field.name)


def test_a_gauge_is_fed_by_the_rain_of_all_above_it_or_by_all_rain() -> None:
    network = Network.of(GAUGES, RAINS)
    # lower: its own r1 and r2 of left; left: r2; right and alone name none, so all three.
    assert network.rain.toarray().T.tolist() == [[1, 1, 0], [0, 1, 0], [1, 1, 1], [1, 1, 1]]
    assert network.upstream.toarray().T.tolist()[0] == [0, 1, 1, 0]


def test_gauges_that_flow_in_a_circle_end() -> None:
    circle = (
        Gauge("a", "", "", 0.0, 0.0, upstream=("b",), rain_gauges=("r1",)),
        Gauge("b", "", "", 0.0, 0.0, upstream=("a",), rain_gauges=("r2",)),
    )
    assert Network.of(circle, RAINS).rain.toarray().T.tolist() == [[1, 1, 0], [1, 1, 0]]


def test_a_gauge_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="named once, got 1 twice"):
        Network.of((*GAUGES, GAUGES[0]), RAINS)
