"""The probability stays beside the areas chosen: by river, by district and by time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forecasting.types import THRESHOLDS
from hazard.select import select_layer
from kawamori.city import read_city
from kawamori.outlook import outlook
from kawamori.waters import lay_water


@pytest.fixture
def city(tiny_home):
    return read_city(tiny_home / "cities" / "tiny")


def told(city, probability: float):
    """Give the outlook where 3.0 m, the bank, is reached with this probability within 3 h."""
    table = np.full((1, len(THRESHOLDS), 3), probability)
    chances = xr.Dataset(
        {
            "probability": (("gauge", "threshold", "lead"), table),
            "first_passage_h": (
                ("gauge", "threshold", "quantile"), np.full((1, len(THRESHOLDS), 3), np.inf)
            ),
        },
        coords={
            "gauge": ["g1"], "threshold": list(THRESHOLDS), "quantile": [0.1, 0.5, 0.9],
            "lead": np.arange(1, 4).astype("timedelta64[h]").astype("timedelta64[ns]"),
        },
    )  # fmt: skip
    layer = select_layer(chances, city.layers, city.gauges)
    index = lay_water(city).rivers
    return outlook(index, layer, chances, city.gauges, alarmed=(), population="night")


def test_chosen_flood_stands_beside_its_probability(city) -> None:
    row = told(city, 0.6).rivers.loc["試験川"]
    assert (row["chosen"], row["probability"], row["unknown"]) == ("maximum", 0.6, False)
    assert told(city, 0.05).rivers.loc["試験川", "chosen"] == ""


def test_depth_and_people_are_weighted_by_the_chance(city) -> None:
    # 3 to 5 m over the house of 100 people: whatever comes is deeper than 3 m.
    row = told(city, 0.25).districts.loc[("low", 3.0)]
    assert row["p_over_0.3_m"] == row["p_over_3_m"] == pytest.approx(0.25)
    assert row["people"] == row["people_over_3_m"] == pytest.approx(25.0)


def test_district_outside_all_areas_is_dry_and_known(city) -> None:
    row = told(city, 0.25).districts.loc[("high", 3.0)]
    assert (row["people"], row["p_over_0.3_m"], row["people_over_1_m"]) == (0.0, 0.0, 0.0)


def test_unknown_forecast_stays_unknown(city) -> None:
    found = told(city, np.nan)
    assert bool(found.rivers.loc["試験川", "unknown"])
    assert found.rivers.loc["試験川", "chosen"] == "maximum"  # the safe side
    row = found.districts.loc[("low", 3.0)]
    assert pd.isna(row["p_over_0.3_m"])
    assert pd.isna(row["people"])


def test_city_without_areas_has_no_outlook(city) -> None:
    assert outlook(None, None, None, city.gauges, alarmed=(), population="night") is None
