from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from advisory.types import Level
from alerts.duty.triggers import triggers, worse
from alerts.duty.types import Chance, Health, RunFacts, Silence, Told

NOW = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)
WELL = Health(NOW, newest=NOW)


def run(*advice, chances=(), silences=()):
    return RunFacts("run-2", "iwaki", "iwaki", "いわき市", NOW, False, advice, chances, silences)


def told(level, **changes):
    return replace(Told("taira", "平", level, None, ("理由",)), **changes)


def chance(threshold="danger", probability=0.3, **changes):
    made = Chance("g1", "鎌田", "夏井川", threshold, 5.93, probability, False, 1.5, 2.0, ("taira",))
    return replace(made, **changes)


def only(found):
    (trigger,) = found
    return trigger


def test_a_calm_run_of_a_sound_desk_alerts_nobody(staff):
    assert triggers({}, run(told(Level.CAUTION)), WELL, staff) == ()


def test_no_run_and_no_fault_alerts_nobody(staff):
    assert triggers({}, None, Health(NOW), staff) == ()


@pytest.mark.parametrize("level", [Level.ELDERLY, Level.EVACUATE, Level.EMERGENCY])
def test_an_order_alerts_as_urgently_as_its_level(staff, level):
    trigger = only(triggers({}, run(told(level)), WELL, staff))
    assert (trigger.topic, trigger.level, trigger.districts) == ("advice/taira", level, ("平",))


def test_unknown_alerts_as_urgently_as_level_3(staff):
    trigger = only(triggers({}, run(told(Level.UNKNOWN)), WELL, staff))
    assert trigger.level == 3
    assert "判断不能" in trigger.title


def test_a_lowered_order_alerts_once_more_and_names_the_level_before(staff):
    trigger = only(triggers({"taira": Level.EVACUATE}, run(told(Level.NONE)), WELL, staff))
    assert "前回 警戒レベル4 避難指示" in trigger.title
    assert trigger.any_change


def test_unknown_that_clears_up_alerts_nobody(staff):
    assert triggers({"taira": Level.UNKNOWN}, run(told(Level.NONE)), WELL, staff) == ()


def test_the_deadline_is_that_of_the_advice(staff):
    due = NOW + timedelta(minutes=40)
    assert only(triggers({}, run(told(Level.EVACUATE, issue_by=due)), WELL, staff)).deadline == due


@pytest.mark.parametrize(("probability", "count"), [(0.29, 0), (0.30, 1), (1.0, 1), (None, 0)])
def test_a_threshold_alerts_from_the_probability_of_the_policy_on(staff, probability, count):
    found = triggers({}, run(chances=(chance(probability=probability),)), WELL, staff)
    assert len(found) == count


def test_a_threshold_that_is_reached_is_no_longer_becoming_likely(staff):
    assert triggers({}, run(chances=(chance(reached=True),)), WELL, staff) == ()


def test_of_one_gauge_the_highest_likely_threshold_is_told(staff):
    found = triggers({}, run(chances=(chance("overflow"), chance("judgment", 0.9))), WELL, staff)
    assert only(found).state == "overflow"


def test_a_likely_threshold_says_probability_level_and_arrival_in_japanese_time(staff):
    """Issued 21:00 JST: earliest passage 1.5 h later is 22:30, the median 23:00."""
    trigger = only(triggers({}, run(chances=(chance(),)), WELL, staff))
    said = "".join(trigger.reasons)
    for part in ("30%", "5.93m", "22時30分", "23時00分", "6時間以内"):
        assert part in said
    assert trigger.deadline == NOW + timedelta(hours=1.5)


def test_a_passage_beyond_the_forecast_is_no_deadline(staff):
    never = chance(earliest_h=float("inf"), median_h=None)
    trigger = only(triggers({}, run(chances=(never,)), WELL, staff))
    assert trigger.deadline is None
    assert "予測時間内になし" in trigger.reasons[1]
    assert "不明" in trigger.reasons[1]


def test_silent_gauges_are_one_alert_that_names_each(staff):
    silences = (Silence("g1", "鎌田", NOW, ("taira",)), Silence("g2", "窪田", None))
    trigger = only(triggers({}, run(silences=silences), WELL, staff))
    assert trigger.items == ("g1", "g2")
    assert trigger.level == 2
    assert "値なし" in trigger.reasons[1]


@pytest.mark.parametrize(("minutes", "count"), [(90, 0), (91, 1)])
def test_a_cycle_older_than_the_policy_says_alerts(staff, minutes, count):
    health = Health(NOW, newest=NOW - timedelta(minutes=minutes))
    assert len(triggers({}, None, health, staff)) == count


def test_a_failed_cycle_a_paused_channel_and_dead_rows_alert(staff):
    health = Health(NOW, "ValueError: 列がない", NOW, ("line",), (("email", 3),))
    found = triggers({}, None, health, staff)
    assert {trigger.topic for trigger in found} == {"cycle", "channel/line", "dead/email"}
    assert {trigger.level for trigger in found} == {4}


def test_the_most_urgent_stands_first(staff):
    silent = (Silence("g1", "鎌田", None),)
    found = triggers({}, run(told(Level.EMERGENCY), silences=silent), WELL, staff)
    assert [trigger.level for trigger in found] == [5, 2]


def row(trigger, **changes):
    names = ("state", "severity", "items", "deadline")
    return {**{name: getattr(trigger, name) for name in names}, **changes}


def test_the_same_again_is_not_worse(staff, make_trigger):
    assert not worse(make_trigger(), row(make_trigger()), staff)


def test_a_changed_level_is_told_again_whichever_way(staff, make_trigger):
    assert worse(make_trigger(state="ELDERLY", severity=30), row(make_trigger()), staff)


def test_a_deadline_half_an_hour_earlier_is_worse(staff, make_trigger):
    before = row(make_trigger(), deadline=NOW + timedelta(minutes=60))
    assert worse(make_trigger(deadline=NOW + timedelta(minutes=30)), before, staff)
    assert not worse(make_trigger(deadline=NOW + timedelta(minutes=31)), before, staff)
    assert worse(make_trigger(deadline=NOW), row(make_trigger(), deadline=None), staff)


def test_one_more_silent_gauge_is_worse_and_one_less_is_not(staff, make_trigger):
    one = make_trigger(kind="feed", any_change=False, items=("g1",))
    two = make_trigger(kind="feed", any_change=False, items=("g1", "g2"))
    assert worse(two, row(one), staff)
    assert not worse(one, row(two), staff)
