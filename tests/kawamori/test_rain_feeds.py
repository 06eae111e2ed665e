"""What a live cycle reads of rain forecasts: kept as they came, fresh ones only, gaps told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from forecasting.rain_periods import RainPeriods
from forecasting.types import RainGauge, utc64
from kawamori.cities import open_city
from kawamori.cycle import run_cycle
from kawamori.degraded import BEGINNING
from kawamori.drill import train_desk
from kawamori.feeds.types import Feed
from kawamori.rain_feeds import rain_ahead_at
from kawamori.rain_store import RainStore, rain_folder
from kawamori.settings import Settings

NOW = datetime(2026, 9, 8, 12, 3, 20, tzinfo=UTC)  # 21:03 JST
HOUR = timedelta(hours=1)
FEEDS = (Feed("msm", "gpv", 0.0), Feed("nowc", "jma-nowcast", 300.0))
CITY = SimpleNamespace(city_id="town", rain_gauges=(RainGauge("r1", "山田", 140, 37),
                                                    RainGauge("r2", "平", 140, 37)))  # fmt: skip


def told(source, issued_at, spans, rain, *, gauges=("r1", "r2")):
    """Give periods by (start, end) in minutes after their issue; the same rain at each gauge."""
    ends = np.array(spans) * np.timedelta64(1, "m") + utc64(issued_at)
    amounts = np.repeat(np.array(rain, float)[:, None], len(gauges), axis=1)
    return RainPeriods(source, issued_at, ends[:, 0], ends[:, 1], gauges, amounts, amounts, amounts)


def hours(count, rain):
    return [(60 * hour, 60 * hour + 60) for hour in range(count)], [rain] * count


def keep(home, feed, one, *, city_id="town", received_at=None):
    store = RainStore(rain_folder(home, city_id, feed))
    store.keep([one], received_at=received_at or one.issued_at + timedelta(minutes=10))
    return store


def at(home, now=NOW, *, readable=True, feeds=FEEDS):
    return rain_ahead_at(CITY, feeds, home, now=now, step=np.timedelta64(1, "h"),
                         readable=readable)  # fmt: skip


def test_the_nowcast_goes_before_the_model_and_both_are_named(tmp_path):
    model_at, near_at = NOW - 3 * HOUR, NOW - timedelta(minutes=3)
    keep(tmp_path, "msm", told("MSM", model_at, *hours(15, 6.0)))
    keep(tmp_path, "nowc", told("jma-nowcast", near_at, [(0, 33)], [11.0]),
         received_at=NOW)  # fmt: skip
    ahead = at(tmp_path)
    assert ahead.forecast.dims == ("lead", "rain_gauge", "member")
    assert ahead.forecast.sizes == {"lead": 12, "rain_gauge": 2, "member": 1}
    # 30 minutes of the nowcast (11 mm in 33 min) and 30 of the model (6 mm in 60 min): 10 + 3 mm.
    np.testing.assert_allclose(ahead.forecast.values[:2, 0, 0], [13.0, 6.0])
    assert ahead.said[0] == "降雨予報: jma-nowcast 21:00発表、MSM 18:03発表"
    assert "模擬" in ahead.said[1]
    assert ahead.missing == ()  # 15 hours from three hours ago reach 12 hours ahead


def test_an_old_issue_is_not_read_and_the_cycle_says_so(tmp_path):
    keep(tmp_path, "nowc", told("jma-nowcast", NOW - HOUR, [(0, 120)], [5.0]))
    ahead = at(tmp_path)
    assert ahead.forecast is None
    (note,) = ahead.missing
    assert note.startswith(BEGINNING + "降雨予報なし")
    assert "最後は09-08 20:03" in note


def test_what_was_received_later_is_not_known_yet(tmp_path):
    one = told("MSM", NOW - 3 * HOUR, *hours(15, 6.0))
    keep(tmp_path, "msm", one, received_at=NOW + timedelta(seconds=1))
    assert at(tmp_path).forecast is None
    assert at(tmp_path, NOW + timedelta(seconds=1)).forecast is not None


def test_nothing_received_is_told_and_a_city_without_such_feeds_says_nothing(tmp_path):
    assert "未受信" in at(tmp_path).missing[0]
    assert at(tmp_path, feeds=()) == at(tmp_path, feeds=(Feed("x", "amedas", 60.0),))
    assert at(tmp_path, feeds=()).missing == ()


def test_a_model_that_cannot_read_it_gets_none_and_the_page_says_what_to_do(tmp_path):
    keep(tmp_path, "msm", told("MSM", NOW - 3 * HOUR, *hours(15, 6.0)))
    ahead = at(tmp_path, readable=False)
    assert ahead.forecast is None
    assert "kawamori learn town" in ahead.missing[0]


def test_a_gauge_or_an_hour_that_is_not_told_is_named(tmp_path):
    keep(tmp_path, "msm", told("MSM", NOW - HOUR, *hours(4, 1.0), gauges=("r1",)))
    ahead = at(tmp_path)
    gone, short = ahead.missing
    assert gone == BEGINNING + "降雨予報なし: 平"
    assert short.startswith(BEGINNING + "降雨予報は3時間先まで")
    assert np.isnan(ahead.forecast.sel(rain_gauge="r2")).all()


def test_files_of_one_issue_are_one_and_the_last_received_counts(tmp_path):
    issued = NOW - 3 * HOUR
    store = keep(tmp_path, "msm", told("MSM", issued, [(0, 60)], [1.0]))
    keep(tmp_path, "msm", told("MSM", issued, [(0, 60), (60, 120)], [2.0, 3.0]),
         received_at=issued + HOUR)  # fmt: skip
    (one,) = store.known(known_at=NOW, since=NOW - 24 * HOUR)
    np.testing.assert_equal(one.rain_mm[:, 0], [2.0, 3.0])
    assert one.end[0] == utc64(issued) + np.timedelta64(1, "h")
    (before,) = store.known(known_at=issued + HOUR / 2, since=NOW - 24 * HOUR)
    assert before.rain_mm[:, 0].tolist() == [1.0]
    assert store.known(known_at=NOW, since=NOW - HOUR) == []


class Reader:
    """A model that hears a rain forecast and forecasts as one that does not."""

    reads_rain = True

    def __init__(self, model):
        self.model, self.heard = model, []

    def predict(self, observations, *, issued_at, rain_forecast=None):
        self.heard.append(rain_forecast)
        return self.model.predict(observations, issued_at=issued_at)

    def predict_many(self, *arguments, **named):
        return self.model.predict_many(*arguments, **named)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_cycle_hands_the_forecast_to_a_model_that_reads_it(taught_home, tmp_path):
    settings = Settings(home=taught_home, out=tmp_path / "out")
    folder = taught_home / "cities" / "tiny"
    with (folder / "city.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[feed]]\nname = "msm"\nkind = "gpv"\nfolder = "in"\n')
    (folder / "in").mkdir()
    city = open_city("tiny", settings, lambda *_: None)
    names = tuple(gauge.rain_gauge_id for gauge in city.rain_gauges)
    keep(taught_home, "msm", told("MSM", NOW - HOUR, *hours(15, 6.0), gauges=names), city_id="tiny")
    desk = train_desk(city, settings, drill=False)
    model = Reader(desk.model.model)
    reading = replace(desk, model=replace(desk.model, model=model))
    done = run_cycle(settings, "tiny", now=NOW, desk=reading)
    assert not any("降雨予報" in note for note in done.notes)
    assert any(note.startswith("降雨予報: MSM 20:03発表") for note in done.run.city.notes)
    (heard,) = [one for one in model.heard if one is not None]
    np.testing.assert_allclose(heard.values[:3, 0, 0], [6.0, 6.0, 6.0])
    assert done.run.rain_forecast is heard
