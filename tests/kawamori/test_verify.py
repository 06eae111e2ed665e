"""One YAML in; page, NetCDF and CSV out, on an invented river."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

from kawamori.progress import Report, silent
from kawamori.settings import Settings
from kawamori.verify import run_verify

CONFIG = """
dataset: town
period: [2030-01-01, 2030-03-24]
models: [linear]
suites:
  leave_one_flood_out: {floods: 2, apart_h: 150, before_h: 24, after_h: 24}
  above_maximum: {highest: 1, around_h: 48}
  held_out: [[2030-02-01, 2030-02-20]]
outages: [{input: rain, hours: 3}]
"""


@pytest.fixture
def judged(training_settings: Settings, tmp_path: Path) -> Callable[..., Path]:
    """Give a function that verifies the invented river as a configuration says."""
    settings = training_settings.model_copy(update={"out": tmp_path / "out"})

    def judge(text: str = CONFIG, progress: Report = silent) -> Path:
        (tmp_path / "judge.yaml").write_text(text, encoding="utf-8")
        return run_verify(tmp_path / "judge.yaml", settings, progress)

    return judge


def test_a_verification_writes_page_netcdf_and_csv(judged):
    heard = []
    folder = judged(progress=lambda what, share: heard.append(share))
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
    assert told["suites"]["above_maximum"]["old_maximum_m"]["g1"] < 3.0


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


def test_the_test_years_of_a_dataset_are_refused_unless_it_is_said(judged):
    with pytest.raises(ValueError, match=r"outside the tests of town.*test_years: true"):
        judged(CONFIG.replace("2030-03-24", "2030-04-05"))


def test_leads_may_be_fewer_than_those_of_the_dataset(judged):
    folder = judged(
        "dataset: town\nperiod: [2030-01-01, 2030-03-24]\nleads_min: [60]\nmodels: [linear]\n"
        "suites: {held_out: [[2030-02-01, 2030-02-20]]}\n"
    )
    table = pd.read_csv(folder / "scores.csv")
    assert set(table["lead_h"].dropna()) == {1.0}
    assert set(table["suite"]) == {"held_out"}
