"""Chances of floods and depths: worked out by hand, never falling where they must rise."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from forecasting.types import THRESHOLDS, Exceedance, Gauge, Thresholds
from hazard.chance import DEPTH_COLUMNS, deeper_share, depth_chances, river_chances
from hazard.indexed import index_water
from hazard.outlook import expected_people, ladder, place_chances, timetable
from hazard.types import check_buildings, check_districts, check_layer

KAMATA = Gauge("k", "鎌田", "夏井川", 140.90, 37.06, Thresholds(danger=7.0, overflow=8.0))
UMEMOTO = Gauge("u", "梅本", "新川", 140.89, 37.05, Thresholds(judgment=4.6, danger=5.0))
ALONE = Gauge("a", "独", "独川", 140.89, 37.05, Thresholds(danger=5.0))
TOWN = box(140.0, 37.0, 140.1, 37.1)
RANKS = {1: (0, 0.5), 2: (0.5, 3), 3: (3, 5), 6: (20, np.inf)}


def odds(passage=None, **by_gauge):
    """Give probabilities by gauge: {threshold: leads}; leads are 1, 2, ... h."""
    leads = len(next(iter(next(iter(by_gauge.values())).values())))
    table = np.full((len(by_gauge), len(THRESHOLDS), leads), np.nan)
    for row, known in enumerate(by_gauge.values()):
        for name, values in known.items():
            table[row, THRESHOLDS.index(name)] = values
    hours = np.arange(1, leads + 1) * np.timedelta64(1, "h").astype("timedelta64[ns]")
    coords = {"gauge": list(by_gauge), "threshold": list(THRESHOLDS), "lead": hours}
    data = {"probability": (("gauge", "threshold", "lead"), table)}
    if passage is not None:
        times = np.broadcast_to(np.array(passage, dtype=float), (*table.shape[:2], 3)).copy()
        data["first_passage_h"] = (("gauge", "threshold", "quantile"), times)
        coords["quantile"] = [0.1, 0.5, 0.9]
    return Exceedance(xr.Dataset(data, coords=coords))


def areas(*rows):
    frame = gpd.GeoDataFrame(
        {
            "scenario": [scenario for _, scenario, _ in rows],
            "river": [river for river, _, _ in rows],
            "depth_min_m": pd.Series([RANKS[rank][0] for _, _, rank in rows], dtype=float),
            "depth_max_m": pd.Series([RANKS[rank][1] for _, _, rank in rows], dtype=float),
            "duration_rank": pd.array([pd.NA] * len(rows), dtype="Int64"),
            "collapse_zone": None,
            "stand_in": False,
        },
        geometry=[TOWN] * len(rows),
        crs="EPSG:6668",
    )
    return check_layer(frame)


def city(library, people=100.0, **columns):
    buildings = gpd.GeoDataFrame(
        {"area_m2": [90.0], "floors": 1.0, "people": people, "district_id": "d", "block": "町",
         **columns},
        geometry=[Point(140.05, 37.05)],
        crs="EPSG:6668",
    )  # fmt: skip
    districts = gpd.GeoDataFrame(
        {"name": ["町"], "population": 100, "households": 40, "assisted": None,
         "gauge_ids": [("k",)]},
        index=pd.Index(["d"], name="district_id"),
        geometry=[TOWN],
        crs="EPSG:6668",
    )  # fmt: skip
    return index_water(library, check_districts(districts), check_buildings(buildings))


def test_maximum_needs_as_much_again_above_the_telling_level():
    # P(overflow) 0.2, P(danger) 0.8: one step above overflow is reached with 0.2 * 0.2 / 0.8.
    table = river_chances(odds(k={"danger": [0.8], "overflow": [0.2]}), ["夏井川"], [KAMATA])
    row = table.loc[("夏井川", 1.0)]
    assert (row["planned"], row["maximum"], row["proxy"]) == (0.2, pytest.approx(0.05), False)


def test_gauge_with_one_level_does_not_tell_how_far_above():
    table = river_chances(odds(a={"danger": [0.3]}), ["独川"], [ALONE])
    assert table[["planned", "maximum"]].to_numpy().tolist() == [[0.3, 0.3]]
    assert table["proxy"].tolist() == [True]


def test_bands_hold_the_highest_probability_so_far():
    leads = {"danger": [1.0, 1.0, 1.0, 1.0], "overflow": [0.1, 0.4, 0.3, 0.6]}
    table = river_chances(odds(k=leads), ["夏井川"], [KAMATA], bands_h=[1, 3, 9])
    # The band to 9 h ends at the horizon of 4 h.
    assert table["planned"].to_dict() == {
        ("夏井川", 1.0): 0.1,
        ("夏井川", 3.0): 0.4,
        ("夏井川", 4.0): 0.6,
    }


def test_passage_times_raise_the_band_in_which_they_fall():
    # 50 % passage at 0.8 h although the first lead says 0.3.
    forecast = odds(passage=[0.5, 0.8, np.inf], k={"danger": [1.0], "overflow": [0.3]})
    row = river_chances(forecast, ["夏井川"], [KAMATA]).iloc[0]
    assert row["planned"] == 0.5
    assert row[["arrival_10_h", "arrival_50_h", "arrival_90_h"]].tolist() == [0.5, 0.8, np.inf]


def test_level_that_is_reached_already_is_certain():
    forecast = odds(passage=[0.0, 0.0, 0.0], k={"danger": [1.0], "overflow": [0.4]})
    assert river_chances(forecast, ["夏井川"], [KAMATA])["planned"].tolist() == [1.0]


def test_silent_gauge_and_river_without_gauge_are_unknown():
    forecast = odds(k={"danger": [np.nan], "overflow": [np.nan]})
    table = river_chances(forecast, ["夏井川", "無名川"], [KAMATA])
    assert table[["planned", "maximum"]].isna().all(axis=None)


def test_no_river_gives_an_empty_table():
    assert len(river_chances(odds(k={"overflow": [0.1]}), [], [KAMATA])) == 0


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        ((0.0, 0.5), [0.4, 0, 0, 0]),  # (0.5 - 0.3) / 0.5
        ((0.5, 3.0), [1, 1, 0.8, 0]),  # (3 - 1) / 2.5
        ((3.0, 5.0), [1, 1, 1, 1]),
        ((20.0, np.inf), [1, 1, 1, 1]),
        ((-np.inf, -np.inf), [0, 0, 0, 0]),
    ],
)
def test_share_of_a_rank_that_is_deeper(depth, expected):
    assert deeper_share(*depth).tolist() == pytest.approx(expected)


def test_area_is_under_water_as_likely_as_its_flood():
    library = areas(("夏井川", "planned", 1), ("夏井川", "maximum", 3))
    forecast = odds(k={"danger": [0.8], "overflow": [0.2]})
    table = depth_chances(forecast, library, [KAMATA])
    assert table.loc[(0, 1.0), list(DEPTH_COLUMNS)].tolist() == pytest.approx([0.08, 0, 0, 0])
    assert table.loc[(1, 1.0), list(DEPTH_COLUMNS)].tolist() == pytest.approx([0.05] * 4)


def test_place_joins_planned_and_maximum_water():
    # P(planned or more) 0.2, P(maximum) 0.05: over 0.3 m 0.15 * 0.4 + 0.05 * 1 = 0.11.
    library = areas(("夏井川", "planned", 1), ("夏井川", "maximum", 3))
    chances = river_chances(odds(k={"danger": [0.8], "overflow": [0.2]}), ["夏井川"], [KAMATA])
    table = place_chances(city(library), chances)
    assert table.iloc[0].tolist() == pytest.approx([0.11, 0.05, 0.05, 0.05])


def test_people_expected_are_weighted_by_the_chance_of_each_flood():
    # One storey: rank 1 lets stay, rank 3 sends away. 100 * 0.15 stay, 100 * 0.05 leave.
    library = areas(("夏井川", "planned", 1), ("夏井川", "maximum", 3))
    chances = river_chances(odds(k={"danger": [0.8], "overflow": [0.2]}), ["夏井川"], [KAMATA])
    index = city(library, assisted=[10.0])
    row = expected_people(index, chances).loc[("d", 1.0)]
    names = ["people", "must_leave", "may_stay", "unknown", "assisted", "buildings", "p_any"]
    assert row[names].tolist() == pytest.approx([20, 5, 15, 0, 2, 0.2, 0.2])


def test_assisted_people_that_nobody_listed_are_unknown_even_where_it_stays_dry():
    library = areas(("夏井川", "planned", 1))
    chances = river_chances(odds(k={"danger": [0.0], "overflow": [0.0]}), ["夏井川"], [KAMATA])
    row = expected_people(city(library), chances).loc[("d", 1.0)]
    assert row["people"] == 0
    assert np.isnan(row["assisted"])


def test_two_rivers_of_one_storm_are_not_added_up():
    # Both reach the house, with 0.2 and 0.5: one storm, so 0.5 and not 0.7.
    library = areas(("夏井川", "planned", 2), ("新川", "planned", 2))
    forecast = odds(k={"danger": [1.0], "overflow": [0.2]}, u={"judgment": [1.0], "danger": [0.5]})
    chances = river_chances(forecast, ["夏井川", "新川"], [KAMATA, UMEMOTO])
    index = city(library)
    assert expected_people(index, chances)["people"].tolist() == pytest.approx([50])
    steps = [(sorted(keys), weight) for keys, weight in ladder(index, chances.droplevel(1))]
    assert steps == [
        ([("新川", "planned")], pytest.approx(0.3)),
        ([("夏井川", "planned"), ("新川", "planned")], pytest.approx(0.2)),
    ]


def test_river_of_unknown_chance_makes_its_district_unknown_but_tells_the_least():
    library = areas(("夏井川", "planned", 2), ("無名川", "planned", 2))
    forecast = odds(k={"danger": [1.0], "overflow": [0.2]})
    chances = river_chances(forecast, ["夏井川", "無名川"], [KAMATA])
    row = expected_people(city(library), chances).loc[("d", 1.0)]
    assert np.isnan(row["people"])
    assert row["at_least"] == pytest.approx(20)
    assert place_chances(city(library), chances).isna().all(axis=None)


def test_district_of_an_unmapped_gauge_is_unknown():
    library = areas(("夏井川", "planned", 2))
    chances = river_chances(odds(k={"danger": [1.0], "overflow": [0.2]}), ["夏井川"], [KAMATA])
    table = expected_people(city(library), chances, unknown_gauges=("k",))
    assert table.isna().all(axis=None)


def test_timetable_tells_each_flood_its_people_chance_and_time():
    library = areas(("夏井川", "planned", 1), ("夏井川", "maximum", 3))
    forecast = odds(passage=[0.5, np.inf, np.inf], k={"danger": [0.8], "overflow": [0.2]})
    chances = river_chances(forecast, ["夏井川"], [KAMATA])
    table = timetable(city(library), chances)
    columns = ["must_leave", "may_stay", "probability", "arrival_10_h"]
    assert table.loc[("d", "planned", 1.0), columns].tolist() == pytest.approx([0, 100, 0.2, 0.5])
    assert table.loc[("d", "maximum", 1.0), columns].tolist() == pytest.approx([100, 0, 0.05, 0.5])


share = st.floats(0, 1)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(share, share), min_size=1, max_size=4), st.sampled_from([1, 2, 3, 6]))
def test_chances_fall_with_depth_and_scenario_and_rise_with_time(leads, rank):
    danger = [max(pair) for pair in leads]
    overflow = [min(pair) for pair in leads]
    forecast = odds(k={"danger": danger, "overflow": overflow})
    chances = river_chances(forecast, ["夏井川"], [KAMATA], bands_h=[1, 2, 3])
    assert (chances["maximum"] <= chances["planned"] + 1e-12).all()
    assert (chances[["planned", "maximum"]].diff().dropna() >= -1e-12).all(axis=None)
    library = areas(("夏井川", "planned", rank), ("夏井川", "maximum", rank))
    for table in (depth_chances(forecast, library, [KAMATA])[list(DEPTH_COLUMNS)],
                  place_chances(city(library), chances)):  # fmt: skip
        assert (np.diff(table.to_numpy(), axis=1) <= 1e-12).all()
        assert ((table >= 0) & (table <= 1 + 1e-12)).all(axis=None)


@settings(deadline=None, max_examples=40)
@given(share, share, share)
def test_likelier_overflow_never_lowers_the_people_expected(danger, first, second):
    low, high = sorted([min(first, danger), min(second, danger)])
    library = areas(("夏井川", "planned", 1), ("夏井川", "maximum", 3))
    index, found = city(library), []
    for overflow in (low, high):
        forecast = odds(k={"danger": [danger], "overflow": [overflow]})
        chances = river_chances(forecast, ["夏井川"], [KAMATA])
        found.append(expected_people(index, chances).iloc[0])
    assert found[1]["people"] >= found[0]["people"] - 1e-9
    assert found[1]["must_leave"] >= found[0]["must_leave"] - 1e-9
