"""The documented days of Iwaki: early enough on the floods, few people on the false alarm.

Cycles are only those that decide; `kawamori day` runs them all. What is reconstructed is decisive
before dark: the tests say so too.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from advisory.types import Level
from forecasting.models import MODELS
from forecasting.quality import flag, good
from kawamori.city import City, read_city
from kawamori.day_inputs import PUBLISHED, WHOLE
from kawamori.day_review import Told, sparse_runner, storm_runner
from kawamori.days import check_day, day_names, read_day
from kawamori.drill import read_series
from kawamori.pipeline import open_desk
from kawamori.policies import read_policy
from kawamori.settings import REPOSITORY, Settings

JST = timezone(timedelta(hours=9))
BUNDLES = REPOSITORY / "data"
LOWLAND = ("taira", "ogawa", "yoshima", "uchigo")  # 夏井川, 好間川, 新川

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def city(bundle) -> City:
    return read_city(bundle)


@pytest.fixture(scope="module")
def policy():
    return read_policy(Settings(bundles=BUNDLES))


def told(runner, telling, date, *clocks) -> Told:
    year, month, day = map(int, date.split("-"))
    midnight = datetime(year, month, day, tzinfo=JST)
    times = [midnight + timedelta(hours=clock) for clock in clocks]
    return Told(telling, tuple(runner(telling, times)))


def test_every_day_names_only_gauges_and_districts_of_the_city(city):
    names = day_names(BUNDLES)
    assert names
    for name in names:
        check_day(read_day(name, BUNDLES), city)


def test_2019_10_12_lowland_gets_level_4_before_dark_only_through_reconstructed_bins(city, policy):
    runner = sparse_runner(read_day("2019-10-12", BUNDLES), city, policy)
    whole = told(runner, WHOLE, "2019-10-12", 12, 15, 16.5)
    firsts = {whole.first(key) for key in LOWLAND}
    assert firsts == {datetime(2019, 10, 12, 15, tzinfo=JST)}  # the evening window opens at 15:00
    fired = {one.rule for one in whole.cycles[1][0].reasons if one.fired}
    assert "L4-night-rain" in fired
    published = told(runner, PUBLISHED, "2019-10-12", 15, 16.5, 20)
    assert {published.first(key) for key in LOWLAND} == {
        datetime(2019, 10, 12, 20, tzinfo=JST)  # 大雨特別警報 of 19:50
    }


def test_2019_10_25_uchigo_gets_level_4_before_the_order_of_18_10(city, policy):
    runner = sparse_runner(read_day("2019-10-25", BUNDLES), city, policy)
    whole = told(runner, WHOLE, "2019-10-25", 14, 15, 19.5)
    assert whole.first("uchigo") == datetime(2019, 10, 25, 15, tzinfo=JST)
    assert whole.first("uchigo", Level.EMERGENCY) == datetime(2019, 10, 25, 19, 30, tzinfo=JST)


def test_2024_08_16_at_most_a_tenth_of_residents_get_level_4(city, policy):
    runner = sparse_runner(read_day("2024-08-16", BUNDLES), city, policy)
    whole = told(runner, WHOLE, "2024-08-16", 12, 15, 17.5, 18, 30)
    assert whole.share(city) <= 0.10
    assert whole.share(city, Level.ELDERLY) > 0.0  # the night is not called calm


def test_2023_09_08_uchigo_and_nakoso_get_level_4_before_18_and_the_flooded_school_nobody(
    city, policy
):
    day = read_day("2023-09-08", BUNDLES)
    model = MODELS["persistence"](
        gauges=city.gauges,
        targets=[gauge.gauge_id for gauge in city.gauges],
        leads=[timedelta(hours=hours) for hours in (1, 3, 6)],
    )
    training = read_series(city.folder / "observations.nc")
    desk = open_desk(city, model, good(flag(training, city.gauges)), policy, drill=True)
    whole = told(storm_runner(day, desk), WHOLE, "2023-09-08", 15, 16, 19)
    for key in ("uchigo", "nakoso"):
        assert whole.first(key) == datetime(2023, 9, 8, 16, tzinfo=JST)
    names = {place.name for cycle in whole.cycles for one in cycle for place in one.shelters}
    assert names
    assert not [name for name in names if "内郷第二中学校" in name or "内郷二中" in name]
