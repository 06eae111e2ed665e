"""Many played storms in figures: those of the review, of the probabilities, and of each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import xarray as xr

from advisory.review import summary
from kawamori.review_page import ReviewedStorm, Scores, scores_of

ARMS = ("ours", "crossing", "whole_city")
KEYS = (
    "in_time_share", "before_dark_share", "ordered_per_flooded", "miss_rate", "night_orders",
    "false_alarms",
)  # fmt: skip
UPPER = ("judgment", "danger", "overflow")  # levels whose probability is scored


@dataclass(frozen=True)
class Played:
    """What one storm taught.

    `probability` and `events` (issued_at, gauge, threshold) are of three hours ahead; `named` of
    `flooded` people were in the area that an order named before water came to them.
    """

    storm: ReviewedStorm
    probability: xr.DataArray
    events: xr.DataArray
    flooded: int
    named: int


def figures_of(played: Sequence[Played], dry_weight: float) -> dict[str, Any]:
    """Give the figures of many storms together.

    `ordered_per_flooded_natural` weighs the dry storms as often as they come; `named_share` is of
    the people flooded.
    """
    arms = {name: _arm(played, name) for name in ARMS}
    flooded = sum(one.flooded for one in played)
    ordered = [sum(each.ordered or 0 for each in one.storm.reviews["ours"]) for one in played]
    natural = sum(
        people * (1.0 if one.flooded else dry_weight)
        for people, one in zip(ordered, played, strict=True)
    )
    scores = scores_together(played)
    return {
        "storms": len(played),
        "storms_with_water": sum(one.flooded > 0 for one in played),
        **arms["ours"],
        "ordered_per_flooded_natural": _round(natural / flooded if flooded else None),
        "named_share": _round(sum(one.named for one in played) / flooded if flooded else None),
        "brier_3h": None if scores.brier is None else round(scores.brier, 5),
        "brier_skill_3h": _round(scores.skill),
        "reliability_slope": _round(scores.slope),
        **{name: {key: arms[name][key] for key in KEYS} for name in ARMS[1:]},
    }


def scores_together(played: Sequence[Played]) -> Scores:
    """Give the scores of the upper levels, over all gauges and storms."""
    upper = {"threshold": list(UPPER)}
    return scores_of(
        [one.probability.sel(upper) for one in played], [one.events.sel(upper) for one in played]
    )


def _arm(played: Sequence[Played], name: str) -> dict[str, Any]:
    total = summary([each for one in played for each in one.storm.reviews[name]])
    return {key: _round(value) for key, value in asdict(total).items()}


def _round(value: Any) -> Any:
    return None if value is None else round(value, 3)
