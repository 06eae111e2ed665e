"""Datasets: described once, read by name, honest about what is assumed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forecasting.types import NOT_EVALUATED, Observations, Thresholds, check_observations
from kawamori.datasets import dataset_names, read_dataset, stand_in_thresholds

DESCRIPTION = """
title = "試験"
source = "table"
path = "river.csv"
step_min = 60
start = 2026-06-01T00:00:00Z
end = 2026-06-01T02:00:00Z
targets = ["g1"]
leads_min = [60]
thresholds = "official"
credit = "市"
licence = "CC0"
notes = []
[[fold]]
train = [[2026-06-01T00:00:00Z, 2026-06-01T01:00:00Z]]
test = [2026-06-01T02:00:00Z, 2026-06-01T02:00:00Z]
[[gauge]]
gauge_id = "g1"
name = "橋"
river = "川"
lon = nan
lat = nan
[gauge.thresholds]
danger = 5.0
"""


def bundle(folder: Path, text: str = DESCRIPTION) -> Path:
    (folder / "datasets").mkdir(exist_ok=True)
    (folder / "datasets" / "town.toml").write_text(text, encoding="utf-8")
    (folder / "river.csv").write_text("time,g1\n2026-06-01T09:00+09:00,1.5\n", encoding="utf-8")
    return folder


def test_a_described_series_is_read_with_its_gauges_and_folds(tmp_path: Path) -> None:
    dataset, seen = read_dataset("town", tmp_path, bundles=bundle(tmp_path))
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [1.5, np.nan, np.nan])
    assert dataset.gauges[0].thresholds == Thresholds(danger=5.0)
    assert dataset.folds[0].test[0] == datetime(2026, 6, 1, 2, tzinfo=UTC)
    assert [lead.total_seconds() for lead in dataset.leads] == [3600]


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dataset must be one of \['town'\], got 'x'"):
        read_dataset("x", tmp_path, bundles=bundle(tmp_path))


def test_a_missing_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Set KAWAMORI_DATA"):
        read_dataset("town", tmp_path / "nowhere", bundles=bundle(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('credit = "市"\n', "", "must have the key 'credit'"),
        ('targets = ["g1"]', 'targets = ["g2"]', "gauge g2 is named but not described"),
        ('source = "table"', 'source = "tabel"', "source must be one of .*'table'.* got 'tabel'"),
        ('"official"', '"guessed"', "thresholds must be one of .* got 'guessed'"),
    ],
)
def test_a_wrong_description_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"town\.toml.*{said}"):
        read_dataset("town", tmp_path, bundles=bundle(tmp_path, DESCRIPTION.replace(old, new)))


def two_years(peaks: list[float]) -> Observations:
    """Give two years at 0 m with one flood hour in each of the first weeks."""
    times = pd.date_range("2024-01-01", periods=2 * 8766, freq="h", unit="ns")
    level = np.zeros((len(times), 1))
    level[12 + 168 * np.arange(len(peaks)), 0] = peaks
    empty = np.zeros((len(times), 0))
    return check_observations(
        xr.Dataset(
            {
                "level_m": (("time", "gauge"), level),
                "level_flag": (("time", "gauge"), np.full(level.shape, NOT_EVALUATED, "int8")),
                "rain_mm": (("time", "rain_gauge"), empty),
                "rain_flag": (("time", "rain_gauge"), empty.astype("int8")),
            },
            coords={"time": times, "gauge": ["g1"], "rain_gauge": np.array([], dtype=str)},
        )
    )


def test_assumed_levels_are_what_so_many_floods_a_year_reached() -> None:
    seen = two_years([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    # In 2 years: 8 events reach standby, 4 caution, 2 judgment, 1 danger;
    # overflow a quarter of the range 0 to 8 m above 8 m.
    assert stand_in_thresholds(seen, "g1") == Thresholds(1.0, 5.0, 7.0, 8.0, 10.0)


def test_less_than_a_year_gives_no_assumed_levels() -> None:
    seen = Observations(two_years([1.0]).isel(time=slice(0, 1000)))
    with pytest.raises(ValueError, match=r"at least 1 year of readings, got 0\.11 \(gauge g1\)"):
        stand_in_thresholds(seen, "g1")


def test_the_five_real_datasets_are_described() -> None:
    assert dataset_names() == [
        "kotogawa", "kwater-jingwan", "kwater-samrangjin", "oita-2017", "tokachi-2016",
    ]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["kotogawa", "kwater-jingwan", "oita-2017", "tokachi-2016"])
def test_every_described_series_can_be_read(real_data: Path, name: str) -> None:
    dataset, seen = read_dataset(name, real_data)
    assert seen["gauge"].values.tolist() == [gauge.gauge_id for gauge in dataset.gauges]
    assert seen["level_m"].sel(gauge=list(dataset.targets)).notnull().any()


@pytest.mark.real_data
def test_assumed_levels_of_jingwan_know_nothing_of_the_test_years(real_data: Path) -> None:
    dataset, seen = read_dataset("kwater-jingwan", real_data)
    target = next(gauge for gauge in dataset.gauges if gauge.gauge_id == "1018630")
    train = seen.sel(time=slice(None, "2019-12-31T15:00"))
    assert target.thresholds == stand_in_thresholds(Observations(train), "1018630")
    assert any("仮定" in note for note in dataset.notes)
