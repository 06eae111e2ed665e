"""Which roads close when: rivers by their hour, bridges, signals, and all other water in play."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from shapely.geometry import LineString

from forecasting.types import Exceedance
from hazard.combined import combine, lay_ground, selected
from hazard.indexed import WaterIndex, index_water
from hazard.signalled import Signal
from kawamori.city import City, read_city
from kawamori.closures import NO_CLOSURES, UNDER_WAY_MIN, Closures, closing_minutes, closures

ROADS = gpd.GeoDataFrame(
    {"kind": ["minor", "minor"]},
    geometry=[
        LineString([(140.01, 37.004), (140.01, 37.01)]),
        LineString([(140.01, 37.01), (140.01, 37.015)]),
    ],
    crs="EPSG:6668",
)


@pytest.fixture
def city(tmp_path: Path, tiny: ModuleType) -> City:
    """Give the tiny city with one street from the lower, wet district to the upper one."""
    tiny.write_tiny_city(tmp_path / "tiny")
    ROADS.to_parquet(tmp_path / "tiny" / "roads.parquet")
    return read_city(tmp_path / "tiny")


@pytest.mark.parametrize(("applies", "closed"), [(True, [0, 1]), (False, []), (None, [0, 1])])
def test_inland_water_closes_roads_though_no_river_is_known(city: City, applies, closed) -> None:
    inland = index_water(city.layers, city.districts, city.buildings, city.roads)
    signals = {key: Signal(applies, "内水") for key in city.districts.index}
    found = closures(None, Exceedance(None), city, inland=(inland, signals))
    assert found is not None
    assert found.table.index.tolist() == [row for row in closed if row in inland.roads.at]
    assert found.barred == ()  # people there still get out
    assert closures(None, Exceedance(None), city) is None


def test_water_of_any_kind_closes_the_road_it_stands_on(city: City) -> None:
    rivers = index_water(city.layers, city.districts, city.buildings, city.roads)
    ground = lay_ground(city.districts, city.buildings, city.roads)
    combined = combine(ground, [selected(ground, rivers, rivers.keys)])
    # No official area is known to the forecast: the terrain's water comes when the river may
    # overflow with 10 %, in one hour.
    found = closures(None, passing(1.0), city, combined=combined)
    assert found is not None
    assert found.closing_min["general"].to_dict() == {0: 60.0}
    assert closures(None, passing(np.inf), city, combined=combined).closing_min.loc[0, "car"] == (
        3 * 60.0
    )  # by the end of the forecast at the latest


def passing(hour: float) -> Exceedance:
    """Give a forecast of three hours in which g1 reaches 氾濫発生 at an hour with 10 %."""
    names = ["danger", "overflow"]
    chance = np.zeros((1, 2, 3))
    passage = np.full((1, 2, 3), np.inf)
    passage[0, 1, 0] = hour
    return Exceedance(
        xr.Dataset(
            {
                "probability": (("gauge", "threshold", "lead"), chance),
                "first_passage_h": (("gauge", "threshold", "quantile"), passage),
            },
            coords={
                "gauge": ["g1"], "threshold": names, "quantile": [0.1, 0.5, 0.9],
                "lead": np.arange(1, 4) * np.timedelta64(3600, "s").astype("timedelta64[ns]"),
            },
        )
    )  # fmt: skip


def test_a_river_over_its_banks_bars_its_roads(city: City) -> None:
    rivers: WaterIndex = index_water(city.layers, city.districts, city.buildings, city.roads)
    assert closures(rivers, passing(0.0), city).barred == (0,)
    assert closures(rivers, passing(1.0), city).barred == ()


def test_roads_close_at_their_hour_bridges_while_people_are_under_way_and_the_unknown_now() -> None:
    # Rows: floods in 2 h; never; a bridge in 3 h; a river without word; a bridge in 5 h.
    hour = [2.0, np.inf, 3.0, np.nan, 5.0]
    table = pd.DataFrame({f"{who}_h": hour for who in ("general", "elderly", "assisted", "car")})
    minutes = closing_minutes(table.assign(bridge=[False, False, True, False, True]))
    assert UNDER_WAY_MIN == 240.0
    assert minutes["car"].tolist() == [120.0, np.inf, 0.0, 0.0, 300.0]
    assert Closures(minutes).table.index.tolist() == [2, 3]


def test_reported_roads_are_closed_to_everybody_and_barred_beside_the_foreseen() -> None:
    foreseen = pd.DataFrame(
        {"general": [90.0, 0.0], "elderly": 0.0, "assisted": 0.0, "car": 0.0}, index=[1, 3]
    )
    both = Closures(foreseen, (3,)).with_reported([1, 7])
    assert both.table.index.tolist() == [1, 3, 7]
    assert both.table.to_numpy().all()
    assert both.barred == (1, 3, 7)
    assert NO_CLOSURES.with_reported([2]).table.index.tolist() == [2]
