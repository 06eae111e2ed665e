"""One YAML in; page, NetCDF and CSV out, on an invented river."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.signal import lfilter

from kawamori.settings import Settings
from kawamori.verify import run_verify

DESCRIPTION = """
title = "試験の川"
source = "table"
path = "river.csv"
step_min = 60
start = 2030-01-01T00:00:00Z
end = 2030-04-10T00:00:00Z
targets = ["g"]
leads_min = [60, 120, 180]
thresholds = "official"
credit = "市"
licence = "CC0"
notes = ["模擬の水位"]
[[fold]]
train = [[2030-01-01T00:00:00Z, 2030-03-20T00:00:00Z]]
test = [2030-04-01T00:00:00Z, 2030-04-10T00:00:00Z]
[[gauge]]
gauge_id = "g"
name = "橋"
river = "川"
lon = nan
lat = nan
rain_gauges = ["r"]
[gauge.thresholds]
caution = 1.0
danger = 2.0
[[rain_gauge]]
rain_gauge_id = "r"
name = "雨量"
lon = nan
lat = nan
"""
CONFIG = """
dataset: town
period: [2030-01-01, 2030-03-31]
models: [linear]
suites:
  leave_one_flood_out: {floods: 2, apart_h: 150, before_h: 24, after_h: 24}
  above_maximum: {highest: 1, around_h: 48}
  held_out: [[2030-02-01, 2030-02-20]]
outages: [{input: rain, hours: 3}]
"""
STORMS_MM = (30, 80, 50, 120, 40, 90, 60, 20, 70, 100, 45)  # one each 200 h


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Give a folder with the description and series of an invented river, and a configuration."""
    hours = pd.date_range("2030-01-01", "2030-04-10", freq="h", tz="UTC")
    rain = np.zeros(len(hours))
    for number, depth_mm in enumerate(STORMS_MM):
        rain[200 * number + 100 :][:6] = depth_mm / 6
    level = 0.5 + lfilter([0.0, 0.01], [1, -1.5, 0.56], rain)
    level += np.random.default_rng(1).normal(0, 0.003, len(level))
    table = pd.DataFrame(
        {"time": hours.strftime("%Y-%m-%dT%H:%MZ"), "g": level.round(3), "r": rain}
    )
    table.to_csv(tmp_path / "river.csv", index=False)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "town.toml").write_text(DESCRIPTION, encoding="utf-8")
    (tmp_path / "judge.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def judged(town: Path, progress=lambda what, share: None) -> Path:
    settings = Settings(data=town, bundles=town, home=town, out=town / "out")
    return run_verify(town / "judge.yaml", settings, progress)


def test_a_verification_writes_page_netcdf_and_csv(town):
    heard = []
    folder = judged(town, lambda what, share: heard.append(share))
    assert folder.name == "verify-judge"
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    rows = list(csv.DictReader((folder / "scores.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["suite"] for row in rows} == {"leave_one_flood_out", "above_maximum", "held_out"}
    assert {row["model"] for row in rows} >= {"persistence", "linear"}
    assert {row["rain"] for row in rows} == {"none"}  # neither reads a rain forecast
    assert {row["outage"] for row in rows} == {"none", "rain_3h"}
    assert (folder / "config.yaml").read_text(encoding="utf-8") == CONFIG
    _check_page((folder / "index.html").read_text(encoding="utf-8"))
    _check_netcdf(folder / "verification.nc")
    told = json.loads((folder / "verification.json").read_text(encoding="utf-8"))
    assert len(told["rows"]) == len(rows)
    assert told["columns"][-2:] == ["score", "value"]
    assert len(told["suites"]["leave_one_flood_out"]["floods"]) == 2
    assert told["suites"]["above_maximum"]["old_maximum_m"]["g"] < 3.0


def _check_page(page: str) -> None:
    """No address but the pictures inside it; what is simulated is said; hard words are there."""
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "http" not in page
    assert page.count("data:image/png;base64,") == 6
    for word in (
        "模擬の水位",
        "出水ひとつずつ除外",
        "既往最大を超える出水",
        "学習期間の最大",
        "欠測時",
    ):
        assert word in page


def _check_netcdf(path: Path) -> None:
    with xr.open_dataset(path, decode_timedelta=True) as scores:
        assert set(scores["model"].values) >= {"persistence", "linear"}
        assert (scores["skill"].where(scores["model"] == "persistence").max() <= 1e-9).all()
    with xr.open_dataset(path, group="leave_one_flood_out", decode_timedelta=True) as said:
        assert said["level_m"].dims == ("case", "issued_at", "gauge", "lead", "quantile")
        # The two highest storms, 120 and 100 mm, 24 h on both sides of each peak.
        assert said.sizes["issued_at"] == 2 * 49
        assert float(said["observed_m"].max()) > 2.0


def test_the_test_years_of_a_dataset_are_refused_unless_it_is_said(town):
    config = town / "judge.yaml"
    config.write_text(CONFIG.replace("2030-03-31", "2030-04-05"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"outside the tests of town.*test_years: true"):
        judged(town)


def test_leads_may_be_fewer_than_those_of_the_dataset(town):
    (town / "judge.yaml").write_text(
        "dataset: town\nperiod: [2030-01-01, 2030-03-31]\nleads_min: [60]\nmodels: [linear]\n"
        "suites: {held_out: [[2030-02-01, 2030-02-20]]}\n",
        encoding="utf-8",
    )
    table = pd.read_csv(judged(town) / "scores.csv")
    assert set(table["lead_h"].dropna()) == {1.0}
    assert set(table["suite"]) == {"held_out"}
