"""What an order now saves and what waiting costs, in people: the cost-loss side of a decision.

F(h) is the chance that the water comes within h hours. Whoever is told now is out after the
clearance time; so an order saves the chance between the time the quickest half needs and the end
of the forecast, and waiting w loses the chance between now + clearance and now + clearance + w.
An order pays where the chance it saves is at least cost / loss [1]_: the cost of moving a person
against the harm to one who is caught. The ratio is an assumption of the policy.

References
----------
.. [1] Murphy: A new vector partition of the probability score, and the cost-loss ratio situation;
   Mon. Weather Rev. 1985, as in hazard.select.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from advisory.evidence import Evidence
from advisory.policy import CostLoss
from advisory.rules import Sky
from advisory.types import Clearance, Level, Reason
from advisory.words import percent

TELLING = ("overflow", "danger")  # what tells of water in the district, the second as a proxy
WAITS_MIN = (10.0, 30.0, 60.0)


def arrival(seen: Sequence[Evidence], hours: float) -> float:
    """Give the chance that a river of the district overflows within some hours, NaN = unknown.

    The highest over the gauges and up to that lead, linear between leads and 0 at none; beyond the
    last lead it stays what it was, which is too low and never too high.
    """
    chances = [_of_gauge(one, hours) for one in seen]
    known = [chance for chance in chances if not math.isnan(chance)]
    return max(known, default=math.nan)


def judge_waiting(
    seen: Sequence[Evidence],
    needed: Clearance | None,
    people: int | None,
    rule: CostLoss,
    sky: Sky,
) -> list[Reason]:
    """Give the reason that an order pays (fired) or does not, and the price of waiting.

    Parameters
    ----------
    people
        Who must leave; None = unknown, then the price is told as a chance.

    Returns
    -------
        Nothing where the clearance time or the forecast is unknown: the official rules decide.
    """
    if needed is None:
        return []
    horizon_h = max((one.outlook.horizon_h for one in seen), default=0.0)
    late = arrival(seen, needed.p50_min / 60)
    saved = arrival(seen, horizon_h) - late
    if math.isnan(saved):
        return []
    pays = saved + 1e-9 >= rule.ratio
    text = (
        f"今発令すれば避難が浸水に間に合う見込みの確率は{percent(saved)}"
        f"（費用対被害の目安{percent(rule.ratio)}{'以上' if pays else '未満'}、仮定）、"
        f"半数が避難する前に浸水する確率は{percent(late)}"
    )
    reason = Reason(
        rule="L4-cost-loss",
        text=text,
        fired=pays,
        level=Level.EVACUATE,
        value=saved,
        threshold=rule.ratio,
        at=sky.issued_at,
        source=rule.source,
        verified=rule.verified,
    )
    return [reason, *_prices(seen, needed, people, reason)]


def _prices(
    seen: Sequence[Evidence], needed: Clearance, people: int | None, reason: Reason
) -> list[Reason]:
    """Give one line with the price of each wait; none where waiting costs less than a per cent."""
    ready = arrival(seen, needed.p90_min / 60)
    lost = [arrival(seen, (needed.p90_min + wait) / 60) - ready for wait in WAITS_MIN]
    if not any(chance >= 0.01 for chance in lost):
        return []
    told = [
        f"{wait:.0f}分待つと{_price(chance, people)}"
        for wait, chance in zip(WAITS_MIN, lost, strict=True)
    ]
    text = f"発令を遅らせると間に合わない人が増える見込み: {'、'.join(told)}"
    return [replace(reason, rule="waiting", text=text, fired=False, value=lost[-1], threshold=None)]


def _price(chance: float, people: int | None) -> str:
    if people is None:
        return f"+{percent(chance)}（人数不明）"
    return f"+{percent(chance)}（期待値{people * chance:.0f}人）"


def _of_gauge(seen: Evidence, hours: float) -> float:
    if seen.gauge is None:
        return math.nan
    names = [name for name in TELLING if getattr(seen.gauge.thresholds, name) is not None]
    if not names:
        return math.nan
    row = [pair for pair in seen.outlook.probability.get(names[0], ()) if not math.isnan(pair[1])]
    if not row:
        return math.nan
    reached, before_h, highest = 0.0, 0.0, 0.0
    for lead_h, chance in row:
        if lead_h > hours + 1e-9:
            share = (hours - before_h) / (lead_h - before_h)
            return highest + share * max(chance - highest, 0.0)
        highest = max(highest, chance)
        reached, before_h = highest, lead_h
    return reached
