"""Rows of the page: danger first, deadline first, nothing unknown looks calm."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from advisory.types import GaugeState, Level, Warnings
from kawamori.feeds.facts import FeedFact
from kawamori.run import Run
from kawamori.situation import advice_rows, ages, banners, gaps, gauge_rows, main_reason, weighed


def with_state(run: Run, level_m: float | None, *, old_min: float = 0) -> Run:
    at = run.issued_at - timedelta(minutes=old_min)
    return dataclasses.replace(run, states=(GaugeState("up", level_m, at), run.states[1]))


def test_gauge_row_names_the_level_reached_and_the_next_one(made_run: Run) -> None:
    row = gauge_rows(made_run)[0]
    # 3.6 m is above 避難判断水位 3.5 and below 氾濫危険水位 4.0.
    assert (row.level, row.reached) == (Level.ELDERLY, "judgment")
    assert (row.next_name, row.next_level_m) == ("danger", 4.0)
    assert row.age_min == 10


def test_probability_is_the_largest_over_the_leads(made_run: Run) -> None:
    assert gauge_rows(made_run)[0].probability == 0.9


def test_passage_is_the_median_with_the_earliest_beside_it(made_run: Run) -> None:
    row = gauge_rows(made_run)[0]
    assert (row.passage_min, row.early_passage_min) == (120, 60)  # 2 h and 1 h


def test_threshold_out_of_reach_has_infinite_passage(made_run: Run) -> None:
    row = gauge_rows(with_state(made_run, 4.5))[0]
    assert (row.next_name, row.passage_min) == ("overflow", float("inf"))


def test_level_equal_to_a_threshold_has_reached_it(made_run: Run) -> None:
    assert gauge_rows(with_state(made_run, 4.0))[0].level is Level.EVACUATE


def test_gauge_above_all_thresholds_has_no_next_one(made_run: Run) -> None:
    row = gauge_rows(with_state(made_run, 9.0))[0]
    assert (row.level, row.next_name, row.probability) == (Level.EMERGENCY, None, None)


def test_silent_gauge_is_unknown_and_comes_before_calm_ones(made_run: Run) -> None:
    rows = gauge_rows(with_state(made_run, 1.0))
    assert [row.gauge.gauge_id for row in rows] == ["down", "up"]
    assert rows[0].level is Level.UNKNOWN
    assert (rows[0].probability, rows[0].passage_min, rows[0].age_min) == (None, None, None)


def test_silent_gauge_comes_after_one_known_to_be_dangerous(made_run: Run) -> None:
    assert [row.gauge.gauge_id for row in gauge_rows(made_run)] == ["up", "down"]


def test_old_calm_reading_ranks_with_the_unknown(made_run: Run) -> None:
    rows = gauge_rows(with_state(made_run, 1.0, old_min=300))
    assert {row.old for row in rows} == {True}
    assert any("上橋" in text for text in banners(with_state(made_run, 1.0, old_min=300)))


def test_gauge_without_thresholds_is_unknown_with_the_reason(made_run: Run) -> None:
    bare = dataclasses.replace(made_run.city.gauges[0], thresholds=type(
        made_run.city.gauges[0].thresholds)())  # fmt: skip
    city = dataclasses.replace(made_run.city, gauges=(bare,))
    row = gauge_rows(dataclasses.replace(made_run, city=city))[0]
    assert (row.level, row.why_unknown) == (Level.UNKNOWN, "基準水位が設定されていません")


def test_advice_is_ordered_by_deadline_then_unknown_then_level(made_run: Run) -> None:
    unknown, evacuate = made_run.advice
    calm = dataclasses.replace(unknown, district_id="d3", level=Level.NONE)
    watch = dataclasses.replace(unknown, district_id="d4", level=Level.CAUTION)
    later = dataclasses.replace(
        evacuate, district_id="d5", issue_by=made_run.issued_at + timedelta(hours=2)
    )
    run = dataclasses.replace(made_run, advice=(calm, watch, unknown, later, evacuate))
    assert [item.district_id for item in advice_rows(run)] == ["d1", "d5", "d2", "d4", "d3"]


def test_high_level_without_known_deadline_is_due_now(made_run: Run) -> None:
    unknown, evacuate = made_run.advice
    timeless = dataclasses.replace(evacuate, district_id="d9", issue_by=None)
    run = dataclasses.replace(made_run, advice=(unknown, evacuate, timeless))
    assert advice_rows(run)[0].district_id == "d9"


def test_reasons_of_lower_levels_stand_apart_and_missing_input_does_not(made_run: Run) -> None:
    evacuate = made_run.advice[1]
    lower = dataclasses.replace(evacuate.reasons[0], rule="lower", level=Level.CAUTION)
    missing = dataclasses.replace(evacuate.reasons[0], rule="missing", level=Level.UNKNOWN)
    main, lesser = weighed(evacuate, [lower, missing, *evacuate.reasons])
    assert [reason.rule for reason in main] == ["missing", "danger-likely"]
    assert [reason.rule for reason in lesser] == ["lower"]


def test_main_reason_is_of_the_level_and_not_shared_by_every_district(made_run: Run) -> None:
    unknown, evacuate = made_run.advice
    shared = dataclasses.replace(unknown.reasons[0], rule="no-telegrams", text="電文なし")
    first = dataclasses.replace(unknown, reasons=(shared, *unknown.reasons))
    second = dataclasses.replace(evacuate, reasons=(shared, *evacuate.reasons))
    assert main_reason(first, [first, second]) == "下橋の水位がない"
    assert main_reason(second, [first, second]) == "上橋が氾濫危険水位に達する見込み"


def test_single_district_and_no_reasons_still_have_a_main_reason(made_run: Run) -> None:
    evacuate = made_run.advice[1]
    assert main_reason(evacuate, [evacuate]) == "上橋が氾濫危険水位に達する見込み"
    silent = dataclasses.replace(evacuate, reasons=())
    assert main_reason(silent, [silent]) == ""


def test_ages_count_from_issue_time_and_mark_what_never_came(made_run: Run) -> None:
    found = {age.feed: age for age in ages(made_run)}
    assert found["水位"].text == "10分前"
    assert found["雨量"].text == "最新"
    assert (found["警報電文"].text, found["警報電文"].late) == ("未接続", True)


def test_each_feed_is_as_old_as_its_last_good_poll(made_run: Run) -> None:
    def feed(name: str, minutes: float | None, failures: int = 0) -> FeedFact:
        good = None if minutes is None else made_run.issued_at - timedelta(minutes=minutes)
        return FeedFact(name, "table", 600.0, good, None, failures, "")

    feeds = (feed("a", 10), feed("b", 25), feed("c", None), feed("d", 10, failures=1))
    rows = ages(dataclasses.replace(made_run, feeds=feeds))[4:]
    # Twice its ten minutes and a quarter more is late, and so is one that has just failed.
    assert [(row.feed, row.text, row.late) for row in rows] == [
        ("受信 a", "10分前", False), ("受信 b", "25分前", True),
        ("受信 c", "データなし", True), ("受信 d", "10分前", True),
    ]  # fmt: skip
    later = made_run.issued_at + timedelta(minutes=20)
    assert ages(dataclasses.replace(made_run, feeds=feeds[:1]), at=later)[4].late


def test_late_telegrams_are_marked(made_run: Run) -> None:
    run = dataclasses.replace(
        made_run, warnings=Warnings(received_at=made_run.issued_at - timedelta(minutes=90))
    )
    age = ages(run)[-1]
    assert (age.text, age.late) == ("1時間30分前", True)


def test_rain_that_is_all_bad_is_no_data(made_run: Run) -> None:
    made_run.observations["rain_flag"][:] = 4  # BAD
    assert {age.feed: age.text for age in ages(made_run)}["雨量"] == "データなし"


def test_banner_does_not_repeat_a_note_that_says_mock_layer(made_run: Run) -> None:
    city = dataclasses.replace(made_run.city, notes=("浸水想定は模式",))
    said = banners(dataclasses.replace(made_run, city=city))
    assert sum("模式" in text for text in said) == 1


def test_gaps_name_only_what_is_missing(made_run: Run, bare_run: Run) -> None:
    assert len(gaps(made_run)) == 4  # no exposure, inland map, landslide zones, telegrams
    assert len(gaps(bare_run)) == 8
