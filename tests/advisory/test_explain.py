"""What an officer is told, and what is left out."""

from __future__ import annotations

from collections.abc import Callable

from advisory.types import Advice

Desk = Callable[..., Advice]


def rules(advice: Advice) -> set[str]:
    return {reason.rule for reason in advice.reasons if reason.fired}


def text(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


def test_falling_water_and_low_chance_are_counter_evidence(desk: Desk) -> None:
    advice = desk(7.0, -0.2)
    assert {"falling", "L4-forecast-overflow"} <= {r.rule for r in advice.counter_evidence}
    assert not any(reason.fired for reason in advice.counter_evidence)


def test_calm_says_what_was_seen_and_no_sentence_comes_twice(desk: Desk) -> None:
    advice = desk(4.0)
    calm = [reason.text for reason in advice.reasons if reason.rule == "calm"]
    assert "4.00m（9月8日12:00）は氾濫注意水位4.50m未満（あと0.50m）" in calm[0]
    assert "6時間以内に氾濫危険水位7.00mに達する確率は0%" in calm[1]
    lines = text(advice).split("\n")
    assert len(lines) == len(set(lines))


def test_level_already_reached_is_not_called_unlikely(desk: Desk) -> None:
    def unlikely(level_m: float) -> list[str]:
        texts = [reason.text for reason in desk(level_m).counter_evidence]
        return [text for text in texts if "確率" in text and "8.00m" in text]

    assert unlikely(7.0)
    assert unlikely(8.0) == []


def test_order_does_not_repeat_the_lower_levels_of_its_gauge(desk: Desk) -> None:
    assert not {"L1-standby", "L2-caution"} & rules(desk(7.0))
    assert {"L1-standby", "L2-caution"} <= rules(desk(4.6))
