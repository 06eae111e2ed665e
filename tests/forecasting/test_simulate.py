"""The simulator keeps water, remembers rain and never sinks because it rained more."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.simulate import Basin, observe, reservoir, route, runoff_mm, simulate
from forecasting.types import GOOD


def rain_of(values: list[float], *, step_min: int = 10, names: tuple[str, ...] = ("r",)):
    times = np.datetime64("2030-01-01T00:00", "ns") + np.arange(len(values)) * np.timedelta64(
        step_min, "m"
    )
    table = np.column_stack([values] * len(names)).astype(float)
    return xr.DataArray(
        table, dims=("time", "rain_gauge"), coords={"time": times, "rain_gauge": list(names)}
    )


UPPER = Basin("upper", 30.0, {"r": 1.0}, fast_h=0.8)
LOWER = Basin("lower", 20.0, {"r": 1.0}, upstream={"upper": 2.0}, fast_h=0.8)


def test_reservoir_recession_is_exponential():
    # 1 mm in the first hour, constant 2 h: kept = exp(-1/2), first outflow 1 - kept, then x kept.
    out = reservoir(np.array([1.0, 0, 0, 0]), 2.0, 1.0)
    kept = np.exp(-0.5)
    assert out == pytest.approx((1 - kept) * kept ** np.arange(4))


def test_all_water_that_enters_a_reservoir_or_a_reach_leaves_it():
    inflow = np.zeros(3000)
    inflow[5:20] = 2.0  # 15 steps of 2 = 30
    assert reservoir(inflow, 3.0, 1 / 6).sum() == pytest.approx(30.0)
    assert route(inflow, 2.5, 1 / 6).sum() == pytest.approx(30.0)


def test_runoff_share_follows_the_scs_slope():
    # One burst of 150 mm, S = 150: W = 150, share 1 - (150/300)^2 = 0.75; of the 80 % that does
    # not feed the ground 0.75 x 120 = 90 mm runs off directly, and 30 mm slowly: 120 of 150 mm.
    basin = Basin("b", 1.0, {"r": 1.0}, retention_mm=150, slow_share=0.2, slow_h=10)
    burst = np.zeros(5000)
    burst[0] = 150.0
    assert runoff_mm(burst, basin, 1 / 6).sum() == pytest.approx(120.0)


def test_discharge_of_steady_runoff_is_area_times_intensity():
    # Endless 3.6 mm/h on 10 km2 that all runs off = 10 m3/s; base flow is set to nought.
    basin = Basin(
        "b", 10.0, {"r": 1.0}, retention_mm=1e-6, slow_share=0.0, base_m3s_per_km2=0.0, rating_b=1.0
    )
    flow = simulate(rain_of([0.6] * 600), [basin])["discharge_m3s"]
    assert float(flow[-1, 0]) == pytest.approx(10.0, rel=1e-3)


def test_rating_and_its_inverse_agree():
    # Q = 20 (h - 0.5)^(5/3): h = 1.5 m gives 20 m3/s.
    basin = Basin("b", 1.0, {"r": 1.0}, rating_h0_m=0.5)
    assert basin.discharge_m3s(1.5) == pytest.approx(20.0)
    assert basin.level_m(20.0) == pytest.approx(1.5)


def test_upstream_peaks_before_downstream():
    rain = rain_of([0.0] * 20 + [8.0] * 12 + [0.0] * 200)
    level = simulate(rain, [LOWER, UPPER])["level_m"]
    peak = level.argmax("time")
    assert int(peak.sel(gauge="upper")) < int(peak.sel(gauge="lower"))


def test_dry_weather_is_base_flow_of_the_whole_area():
    # 0.03 m3/s per km2: 30 km2 give 0.9, with the 20 km2 below 1.5 m3/s.
    flow = simulate(rain_of([0.0, 0.0, 0.0]), [UPPER, LOWER])["discharge_m3s"]
    assert flow.values[-1] == pytest.approx([0.9, 1.5])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0, 20), min_size=30, max_size=30),
    st.integers(0, 29),
    st.floats(0, 30),
)
def test_more_rain_never_lowers_the_level(values: list[float], at: int, more: float):
    before = simulate(rain_of(values), [UPPER, LOWER])["level_m"].values
    values[at] += more
    after = simulate(rain_of(values), [UPPER, LOWER])["level_m"].values
    assert (after >= before - 1e-9).all()


def test_wet_ground_floods_higher_than_dry_ground():
    storm = [5.0] * 12 + [0.0] * 30
    dry = simulate(rain_of([0.0] * 144 + storm), [UPPER])["level_m"].max()
    wet = simulate(rain_of([1.0] * 72 + [0.0] * 72 + storm), [UPPER])["level_m"].max()
    assert float(wet) > float(dry) + 0.2


def test_missing_rain_is_refused_not_taken_as_dry():
    with pytest.raises(ValueError, match="1 values are negative or missing"):
        simulate(rain_of([0.0, float("nan"), 0.0]), [UPPER])


def test_every_fault_of_the_input_is_named_at_once():
    stray = Basin("s", 1.0, {"x": 1.0}, upstream={"nowhere": 1.0})
    with pytest.raises(ValueError, match=r"rain gauges \['x'\].*upstream \['nowhere'\]"):
        simulate(rain_of([0.0, 0.0]), [stray])


def test_water_cannot_run_in_a_circle():
    a = Basin("a", 1.0, {"r": 1.0}, upstream={"b": 1.0})
    b = Basin("b", 1.0, {"r": 1.0}, upstream={"a": 1.0})
    with pytest.raises(ValueError, match="circle"):
        simulate(rain_of([0.0, 0.0]), [a, b])


def test_basin_without_full_rain_weights_is_refused():
    with pytest.raises(ValueError, match=r"add up to 1.*basin b"):
        Basin("b", 1.0, {"r": 0.5})


def test_observed_levels_are_whole_centimetres_near_the_truth():
    rain = rain_of([3.0] * 30)
    true = simulate(rain, [UPPER, LOWER])
    seen = observe(true, rain, seed=1)
    assert np.allclose(seen["level_m"] * 100, np.round(seen["level_m"] * 100))
    assert float(abs(seen["level_m"] - true["level_m"]).max()) < 0.05
    assert (seen["level_flag"] == GOOD).all()


def test_tipping_bucket_reports_whole_tips_and_loses_none():
    # 0.3 mm x 5 with 0.5 mm tips: sums 0.3 0.6 0.9 1.2 1.5 -> tips 0 .5 0 .5 .5
    rain = rain_of([0.3] * 5)
    seen = observe(simulate(rain, [UPPER]), rain, seed=1, tip_mm=0.5)
    assert seen["rain_mm"].values[:, 0] == pytest.approx([0, 0.5, 0, 0.5, 0.5])
