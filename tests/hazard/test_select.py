"""From the probability of overflow to the official scenario, river by river."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import xarray as xr
from shapely.geometry import box

from forecasting.types import THRESHOLDS, Exceedance, Gauge, Thresholds
from hazard.select import select_layer
from hazard.types import check_layer

KAMATA = Gauge("k", "鎌田", "夏井川", 140.90, 37.06, Thresholds(danger=7.0, overflow=8.0))
UMEMOTO = Gauge("u", "梅本", "新川", 140.89, 37.05, Thresholds(danger=5.01))
SUGA = Gauge("s", "須賀橋", "仁井田川", 140.98, 37.08, Thresholds(standby=3.6, caution=4.1))


def library(*rivers, scenarios=("planned", "maximum")):
    rows = [(river, scenario) for river in rivers for scenario in scenarios]
    frame = gpd.GeoDataFrame(
        {
            "scenario": [scenario for _, scenario in rows],
            "river": [river for river, _ in rows],
            "depth_min_m": 0.5,
            "depth_max_m": 3.0,
            "duration_rank": None,
            "collapse_zone": None,
            "stand_in": True,
        },
        geometry=[box(140.9, 37.0, 140.91, 37.01)] * len(rows),
        crs="EPSG:6668",
    )
    return check_layer(frame)


def odds(**by_gauge):
    """Give one probability per gauge and lead for every threshold."""
    values = np.array([[leads] * len(THRESHOLDS) for leads in by_gauge.values()], dtype=float)
    table = xr.DataArray(
        values,
        dims=("gauge", "threshold", "lead"),
        coords={"gauge": list(by_gauge), "threshold": list(THRESHOLDS)},
    )
    return Exceedance(xr.Dataset({"probability": table}))


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.0, []), (0.09, []), (0.1, ["planned"]), (0.49, ["planned"]), (0.5, ["maximum"])],
)
def test_probability_chooses_nothing_planned_or_maximum(probability, expected):
    layer = select_layer(odds(k=[0.0, probability]), library("夏井川"), [KAMATA])
    assert layer["scenario"].tolist() == expected


def test_rivers_are_chosen_one_by_one():
    forecast = odds(k=[0.2], u=[0.9])
    layer = select_layer(forecast, library("夏井川", "新川"), [KAMATA, UMEMOTO])
    chosen = dict(zip(layer["river"], layer["scenario"], strict=True))
    assert chosen == {"夏井川": "planned", "新川": "maximum"}


def test_danger_stands_for_a_missing_overflow_level_and_says_so():
    layer = select_layer(
        odds(k=[0.6], u=[0.6]), library("夏井川", "新川"), [KAMATA, UMEMOTO]
    ).set_index("river")
    assert layer["proxy"].to_dict() == {"夏井川": False, "新川": True}


def test_silent_gauge_gives_the_maximum_scenario_flagged_unknown():
    layer = select_layer(odds(k=[np.nan, np.nan]), library("夏井川"), [KAMATA])
    assert layer[["scenario", "unknown"]].to_numpy().tolist() == [["maximum", True]]


def test_one_missing_lead_is_not_calm():
    layer = select_layer(odds(k=[0.0, np.nan]), library("夏井川"), [KAMATA])
    assert layer["unknown"].tolist() == [True]


def test_gauge_that_the_forecast_does_not_know_is_unknown():
    layer = select_layer(odds(u=[0.0]), library("夏井川"), [KAMATA])
    assert layer["unknown"].tolist() == [True]


def test_known_danger_outweighs_a_silent_neighbour():
    ogawa = Gauge("o", "小川", "夏井川", 140.85, 37.13, Thresholds(danger=3.75))
    layer = select_layer(odds(k=[0.8], o=[np.nan]), library("夏井川"), [KAMATA, ogawa])
    assert layer[["scenario", "unknown"]].to_numpy().tolist() == [["maximum", False]]


def test_river_without_a_telling_gauge_is_unknown_never_nothing():
    # 須賀橋 has no danger level: 0.3 for 氾濫注意 says little of overflow. 無名川 has no gauge.
    layer = select_layer(odds(s=[0.3]), library("仁井田川", "無名川"), [SUGA])
    assert layer[["river", "scenario", "unknown"]].to_numpy().tolist() == [
        ["仁井田川", "maximum", True],
        ["無名川", "maximum", True],
    ]


def test_river_that_will_not_even_reach_caution_is_known_to_be_calm():
    assert len(select_layer(odds(s=[0.09]), library("仁井田川"), [SUGA])) == 0


def test_gauge_with_a_missing_lead_bounds_nothing():
    layer = select_layer(odds(s=[0.0, np.nan]), library("仁井田川"), [SUGA])
    assert layer["unknown"].tolist() == [True]


def test_gauge_that_tells_outweighs_one_that_only_bounds():
    lower = Gauge("l", "内郷", "新川", 140.84, 37.03, Thresholds(caution=2.5))
    layer = select_layer(odds(u=[0.2], l=[0.9]), library("新川"), [UMEMOTO, lower])
    assert layer[["scenario", "unknown"]].to_numpy().tolist() == [["planned", False]]


def test_alarmed_river_without_any_area_names_its_gauges():
    layer = select_layer(odds(u=[0.0]), library(), [UMEMOTO], alarmed={"新川"})
    assert layer.attrs["unknown_gauges"] == ("u",)


def test_river_with_one_scenario_gives_that_one():
    layer = select_layer(odds(k=[0.2]), library("夏井川", scenarios=["maximum"]), [KAMATA])
    assert layer["scenario"].tolist() == ["maximum"]


def test_mesh_layer_without_river_names_follows_the_worst_gauge():
    mesh = library("夏井川").assign(river=None)
    layer = select_layer(odds(k=[0.0], u=[0.9]), mesh, [KAMATA, UMEMOTO])
    assert layer["scenario"].tolist() == ["maximum"]


def test_unknown_river_without_any_area_names_its_gauges():
    layer = select_layer(odds(k=[0.0], u=[np.nan]), library("夏井川"), [KAMATA, UMEMOTO])
    assert len(layer) == 0
    assert layer.attrs["unknown_gauges"] == ("u",)


def test_likely_river_without_any_area_names_its_gauges_too():
    layer = select_layer(odds(k=[0.0], u=[0.9]), library("夏井川"), [KAMATA, UMEMOTO])
    assert layer.attrs["unknown_gauges"] == ("u",)


def test_calm_river_without_any_area_is_no_reason_for_unknown():
    layer = select_layer(odds(k=[0.0], u=[0.0]), library("夏井川"), [KAMATA, UMEMOTO])
    assert layer.attrs["unknown_gauges"] == ()


def test_empty_library_gives_an_empty_layer():
    layer = select_layer(odds(k=[0.9]), library(), [KAMATA])
    assert len(layer) == 0


def test_probabilities_out_of_order_are_refused():
    with pytest.raises(ValueError, match=r"p_planned <= p_maximum.*got 0.6 and 0.5"):
        select_layer(odds(k=[0.0]), library("夏井川"), [KAMATA], p_planned=0.6)


def test_alarmed_river_gives_the_planned_scenario_however_unlikely_the_overflow():
    layer = select_layer(odds(k=[0.01]), library("夏井川"), [KAMATA], alarmed={"夏井川"})
    assert layer["scenario"].tolist() == ["planned"]
    assert layer["probability"].tolist() == [0.01]
