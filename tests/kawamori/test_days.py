"""Documented days: every fact says its source and kind, and only what was known by then counts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from advisory.types import Level
from forecasting.types import utc64
from kawamori.day_inputs import (
    PUBLISHED,
    WHOLE,
    Telling,
    no_forecast,
    reports_at,
    sparse_series,
    warnings_at,
)
from kawamori.day_review import day_times
from kawamori.days import Day, check_day, read_day

JST = timezone(timedelta(hours=9))
TEXT = """
title = "試験の日"
city = "tiny"
start = 2026-06-10T11:00:00+09:00
end = 2026-06-10T13:00:00+09:00
missing = "なし"

[[warning]]
name = "大雨危険警報"
hazard = "大雨"
grade = "危険警報"
level = 4
at = 2026-06-10T12:00:00+09:00
kind = "published"
source = "S0"

[[bin]]
hazard = "大雨浸水"
level = 5
first = 2026-06-10T18:00:00+09:00
last = 2026-06-10T21:00:00+09:00
at = 2026-06-10T11:00:00+09:00
kind = "reconstructed"
source = "仮定"

[[bin]]
hazard = "大雨浸水"
level = 3
first = 2026-06-10T18:00:00+09:00
last = 2026-06-10T21:00:00+09:00
at = 2026-06-10T12:00:00+09:00
kind = "reconstructed"
source = "仮定"

[[report]]
report = "overflow"
by = "巡視"
text = "越水"
districts = ["low"]
at = 2026-06-10T12:30:00+09:00
kind = "published"
what_if = "越水していたら"
source = "S0"

[[level]]
gauge = "g1"
level_m = 2.1
at = 2026-06-10T11:40:00+09:00
kind = "published"
source = "S0"

[[done]]
level = 4
at = 2026-06-10T12:00:00+09:00
area = "下流"
districts = ["low"]
source = "S0"

[[done]]
level = 0
at = 2026-06-10T13:00:00+09:00
area = "全域"
source = "S0"
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        folder = tmp_path / "tiny" / "days"
        folder.mkdir(parents=True)
        (folder / "2026-06-10.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return written


@pytest.fixture
def day(write) -> Day:
    return read_day("2026-06-10", write(TEXT))


@pytest.fixture
def city() -> SimpleNamespace:
    gauges = (SimpleNamespace(gauge_id="g1", name="試験橋"),)
    rain = (SimpleNamespace(rain_gauge_id="r1"),)
    return SimpleNamespace(
        city_id="tiny", code="00000", name="試験町", gauges=gauges, rain_gauges=rain,
        districts=SimpleNamespace(index=["low", "high"]),
    )  # fmt: skip


def at(hour: float) -> datetime:
    return datetime(2026, 6, 10, tzinfo=JST) + timedelta(hours=hour)


def test_nothing_is_told_before_its_time(day, city):
    early = warnings_at(day, WHOLE, city, at(11.5))
    assert early.active == ()
    assert [one.level for one in early.bins] == [Level.EMERGENCY]


def test_the_newest_time_series_replaces_the_earlier_one(day, city):
    assert [one.level for one in warnings_at(day, WHOLE, city, at(12)).bins] == [Level.ELDERLY]


def test_published_facts_alone_have_no_reconstructed_bins_and_no_feed_before_a_warning(day, city):
    early, late = (warnings_at(day, PUBLISHED, city, at(hour)) for hour in (11.5, 12))
    assert (early.received_at, early.bins) == (None, ())
    assert late.received_at == at(12)
    assert [one.level for one in late.active] == [Level.EVACUATE]


def test_a_comparison_adds_its_own_facts_and_no_other_telling_has_them(day):
    assert day.what_ifs == ("越水していたら",)
    assert reports_at(day, WHOLE, at(13)) == ()
    told = reports_at(day, Telling("もし", what_if="越水していたら"), at(13))
    assert [(one.kind, one.district_ids) for one in told] == [("overflow", ("low",))]


def test_a_level_counts_from_the_next_half_hour_and_all_else_is_missing(day, city):
    series = sparse_series(day, WHOLE, city)
    assert series["level_m"].sel(time=utc64(at(12)), gauge="g1") == pytest.approx(2.1)
    assert int(np.isfinite(series["level_m"]).sum()) == 1
    assert not np.isfinite(series["rain_mm"]).any()


def test_no_forecast_knows_no_gauge():
    assert no_forecast()["probability"].sizes["gauge"] == 0


def test_what_was_ordered_holds_in_its_districts_until_it_is_lifted(day):
    assert [day.done_at("low", at(hour)) for hour in (11.5, 12, 13)] == [0, 4, 0]
    assert day.done_at("high", at(12)) is Level.NONE


def test_cycles_are_hourly_and_half_hourly_from_noon(day):
    assert day_times(day) == [at(11), at(12), at(12.5), at(13)]


def test_every_bad_row_is_named_at_once(write):
    text = TEXT.replace('kind = "published"', 'kind = "rumour"', 1) + '\n[[level]]\ngauge = "g1"\n'
    with pytest.raises(ValueError, match=r"(?s)warning 1.*rumour.*level 2"):
        read_day("2026-06-10", write(text))


def test_an_unknown_day_is_answered_with_the_known_ones(write):
    with pytest.raises(ValueError, match="2026-06-10"):
        read_day("2026-06-11", write(TEXT))


def test_a_day_with_a_gauge_the_city_lacks_is_refused(write, city):
    day = read_day("2026-06-10", write(TEXT.replace('gauge = "g1"', 'gauge = "g9"')))
    with pytest.raises(ValueError, match="g9"):
        check_day(day, city)
