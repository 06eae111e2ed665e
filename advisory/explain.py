"""Which findings an officer sees: reasons for the level, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisory.levels import concern
from advisory.policy import Policy
from advisory.types import Level, Reason


def weigh(
    found: Sequence[Reason], level: Level, policy: Policy
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Give reasons and counter-evidence, most concern first; what is far or implied is left out."""
    ordered = sorted(found, key=lambda reason: -concern(reason.level))
    high = {r.gauge_id for r in found if r.fired and r.unit == "m" and r.level >= Level.ELDERLY}
    stated = [
        reason
        for reason in ordered
        if (reason.fired or reason.level is Level.UNKNOWN)
        and not (reason.gauge_id in high and Level.NONE <= reason.level <= Level.CAUTION)
    ]
    unfired = [r for r in ordered if not r.fired and r.level is not Level.UNKNOWN]
    calm = _calm(unfired) if Level.NONE <= level <= Level.CAUTION else []
    said = {reason.text for reason in calm}
    near = [r for r in unfired if _near(r, level, policy) and r.text not in said]
    return (*stated, *calm), tuple({r.text: r for r in reversed(near)}.values())[::-1]


def _calm(unfired: Sequence[Reason]) -> list[Reason]:
    """Why nothing is advised: per gauge, the level not reached and the danger not likely."""
    lowest: dict[tuple[str | None, str], Reason] = {}
    for reason in unfired:
        if reason.value is None or reason.threshold is None:
            continue
        if reason.value < reason.threshold:
            lowest[reason.gauge_id, reason.unit] = reason
    return [
        replace(reason, fired=True, level=Level.NONE, rule="calm") for reason in lowest.values()
    ]


def _near(reason: Reason, level: Level, policy: Policy) -> bool:
    """Tell whether an unfired rule is close to firing, or speaks against the level advised."""
    if reason.value is None or reason.threshold is None:
        return True
    if level >= Level.ELDERLY and reason.level == level:
        return True
    if reason.unit == "m":
        return reason.value >= reason.threshold - policy.nearly.level_m
    return reason.value >= reason.threshold * policy.nearly.probability_fraction
