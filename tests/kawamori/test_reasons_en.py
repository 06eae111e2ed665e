"""English reasons: told from the figures, so that they say what the Japanese text says."""

from __future__ import annotations

import dataclasses

from advisory.types import Reason
from kawamori.reasons_en import english_reason
from kawamori.record import plain
from kawamori.run import Run


def told(run: Run, reason: Reason) -> str:
    return english_reason(plain(reason), [plain(gauge) for gauge in run.city.gauges])


def test_a_level_is_held_against_the_official_one_by_its_name(made_run: Run) -> None:
    reason = dataclasses.replace(made_run.advice[1].counter_evidence[0], rule="L5-overflow")
    # 4.8 m against 氾濫発生水位 5.2 m of the gauge up.
    assert told(made_run, reason) == (
        "上橋 (川守川): 4.80m, below level 5 mark (氾濫発生水位) 5.20m (rule L5-overflow)"
    )


def test_a_probability_is_held_against_its_rule(made_run: Run) -> None:
    text = told(made_run, made_run.advice[1].reasons[0])
    assert text == "上橋 (川守川): chance 90 %, the rule asks for 70 % (rule danger-likely)"


def test_a_rule_without_figures_says_what_it_means(made_run: Run) -> None:
    silent = dataclasses.replace(made_run.advice[0].reasons[0], rule="no-gauge")
    assert told(made_run, silent).startswith("this district has no gauge")


def test_a_rule_of_a_city_without_figures_says_where_its_text_is(made_run: Run) -> None:
    text = told(made_run, made_run.advice[0].reasons[0])
    assert text == "its text is in Japanese only (rule silent)"


def test_the_time_of_a_deadline_is_a_span(made_run: Run) -> None:
    reason = dataclasses.replace(
        made_run.advice[1].reasons[0], rule="issue-by", value=130.0, threshold=None, unit="min",
        gauge_id=None,
    )  # fmt: skip
    assert "90 % are out 2 h 10 min after the order" in told(made_run, reason)
