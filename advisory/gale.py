"""The gale rule: where people must leave, they are told before it is too windy to walk.

A district with advice of level 3 gets level 4 when storm wind (25 m/s) is foreseen within the
clearance time and a margin: after its onset nobody can be told to go outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from advisory.levels import highest
from advisory.policy import GaleRule
from advisory.rules import Sky
from advisory.telegrams.gale import Gale
from advisory.types import Clearance, Level, Reason
from advisory.words import clock, hours


def judge_gale(
    gale: Gale | None,
    found: Sequence[Reason],
    needed: Clearance | None,
    rule: GaleRule,
    sky: Sky,
) -> list[Reason]:
    """Give the reason of the gale rule; none without a foreseen gale or without a level 3.

    Parameters
    ----------
    gale
        When storm wind begins here; None = none foreseen, or no feed, and then nothing is said.
    found
        The reasons of the other rules.
    """
    if gale is None:
        return []
    level = highest(*(reason.level for reason in found if reason.fired))
    if level is not Level.ELDERLY:
        return []
    ahead = gale.at - sky.issued_at
    needed_h = (needed.p90_min / 60 if needed else 0.0) + rule.margin_h
    near = ahead <= timedelta(hours=needed_h)
    when = "すでに暴風" if ahead <= timedelta(0) else f"{clock(gale.at)}から暴風の見込み"
    text = (
        f"{when}（{gale.basis}）。避難に要する時間と余裕{hours(rule.margin_h)}で"
        f"{'間に合ううちに発令' if near else 'まだ間に合う'}"
    )
    return [
        Reason(
            rule="L4-gale",
            text=text,
            fired=near,
            level=Level.EVACUATE,
            value=max(ahead / timedelta(minutes=1), 0.0),
            threshold=needed_h * 60,
            unit="min",
            telegram_id=gale.telegram_id,
            at=sky.issued_at,
            source=rule.source,
            verified=rule.verified,
        )
    ]
