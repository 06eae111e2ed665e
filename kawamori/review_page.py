"""The page of a review: advice held against what happened, storm by storm, and its scores.

For storms whose truth is known: simulated ones, or a flood looked back on. What is compared and
how it is counted is told in `advisory.review`; the scores are those of the package `scores`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jinja2 import Environment, PackageLoader, StrictUndefined

from advisory.review import DistrictReview, Summary, summary
from advisory.types import Advice, Level
from forecasting.verification.probabilities import probability_scores
from kawamori.words import JST, LEVEL_WORDS, number

VERDICTS = {
    "hit": "間に合った",
    "late": "遅い",
    "miss": "見逃し",
    "false_alarm": "空振り",
    "quiet": "発令なし・浸水なし",
}
SHOWN = 12  # storms with a time line on the page
DIMS = ("issued_at", "gauge", "threshold")


@dataclass(frozen=True)
class ReviewedStorm:
    """One storm: our advice cycle by cycle, and the review of each way of issuing."""

    name: str
    title: str
    cycles: tuple[tuple[Advice, ...], ...]
    reviews: Mapping[str, tuple[DistrictReview, ...]]  # by arm, ours first


@dataclass(frozen=True)
class Line:
    """The time line of one district; `wet` = the cycle in whose time the water came."""

    review: DistrictReview
    verdict: str
    levels: tuple[Level, ...]
    wet: int | None


@dataclass(frozen=True)
class Scores:
    """Scores of probabilities; () or None where nothing was scored."""

    brier: float | None
    skill: float | None
    slope: float | None
    bins: tuple[tuple[float, float, int], ...]  # mean forecast, observed share, cases
    value: tuple[tuple[float, float], ...]  # cost ÷ loss, relative economic value


def pooled(values: Sequence[xr.DataArray]) -> xr.DataArray:
    """Give probabilities or events of many storms as one gauge with one threshold and lead."""
    flat = np.concatenate([np.ravel(one.transpose(*DIMS).values) for one in values])
    return xr.DataArray(flat[:, None, None, None], dims=(*DIMS, "lead"))


def scores_of(probability: Sequence[xr.DataArray], events: Sequence[xr.DataArray]) -> Scores:
    """Give the scores of many storms together, of rows whose probability and event are known.

    Parameters
    ----------
    probability, events
        Dims (issued_at, gauge, threshold), in the same order of storms and coordinates.
    """
    chance, event = pooled(probability), pooled(events)
    known = np.flatnonzero((chance.notnull() & event.notnull()).values.ravel())
    if not len(known):
        return Scores(None, None, None, (), ())
    told = probability_scores(chance.isel(issued_at=known), event.isel(issued_at=known)).squeeze()
    rows = zip(*(told[name].values.tolist() for name in ("forecast_share", "observed_share",
                                                         "cases")), strict=True)  # fmt: skip
    bins = tuple((low, high, int(cases)) for low, high, cases in rows if cases)
    ratios = told["cost_loss"].values.tolist()
    value = tuple(
        (ratio, one) for ratio, one in zip(ratios, told["value"].values.tolist(), strict=True)
        if np.isfinite(one)
    )  # fmt: skip
    return Scores(_number(told["brier"]), _number(told["brier_skill"]), slope_of(bins), bins, value)


def slope_of(bins: Sequence[tuple[float, float, int]]) -> float | None:
    """Give the slope of observed on forecast shares, weighed by cases; None = a single bin."""
    if len(bins) < 2:
        return None
    forecast, observed, cases = (
        np.array(column, dtype=float) for column in zip(*bins, strict=True)
    )
    return float(np.polyfit(forecast, observed, 1, w=np.sqrt(cases))[0])


def write_review(
    storms: Sequence[ReviewedStorm], scores: Scores, path: Path, *, title: str, note: str
) -> None:
    """Write the page, one file that needs no network: `SHOWN` storms, most people wet first."""
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(
        number=number, words=LEVEL_WORDS, clock=clock, share=share, hours=hours
    )
    ordered = sorted(storms, key=lambda one: -summary(ours(one)).flooded)
    path.parent.mkdir(parents=True, exist_ok=True)
    page = environment.get_template("review.html").render(
        title=title,
        note=note,
        storms=len(storms),
        arms={name: _together(storms, name) for name in (storms[0].reviews if storms else ())},
        scores=scores,
        shown=[(storm, summary(ours(storm)), times(storm), lines(storm))
               for storm in ordered[:SHOWN]],
    )  # fmt: skip
    path.write_text(page, encoding="utf-8")


def ours(storm: ReviewedStorm) -> tuple[DistrictReview, ...]:
    """Give the review of our own advice."""
    return next(iter(storm.reviews.values()))


def times(storm: ReviewedStorm) -> list[tuple[str, list[str]]]:
    """Give the days of the cycles, each with their clock times in JST."""
    local = [cycle[0].issued_at.astimezone(JST) for cycle in storm.cycles]
    days = dict.fromkeys(f"{at:%-d日}" for at in local)
    return [(day, [f"{at:%-H:%M}" for at in local if f"{at:%-d日}" == day]) for day in days]


def lines(storm: ReviewedStorm) -> list[Line]:
    """Give the time line of each district that was wet or was ordered, in their order."""
    found = []
    for one in ours(storm):
        if one.verdict == "quiet":
            continue
        mine = [
            each for cycle in storm.cycles for each in cycle if each.district_id == one.district_id
        ]
        before = [
            at
            for at, each in enumerate(mine)
            if one.first_water and each.issued_at <= one.first_water
        ]
        wet = None if one.first_water is None else max(before, default=0)
        found.append(Line(one, VERDICTS[one.verdict], tuple(each.level for each in mine), wet))
    return found


def clock(moment: datetime | None) -> str:
    """Give day and time in JST; — = never."""
    return "—" if moment is None else f"{moment.astimezone(JST):%d日%H:%M}"


def share(value: float | None, form: str = ".0%") -> str:
    """Give a figure, — = nothing to divide by."""
    return "—" if value is None else format(value, form)


def hours(minutes: float | None) -> str:
    """Give minutes as hours and minutes, — = not known."""
    if minutes is None:
        return "—"
    return f"{round(minutes) // 60}:{round(minutes) % 60:02d}"


def _together(storms: Sequence[ReviewedStorm], arm: str) -> Summary:
    return summary([one for storm in storms for one in storm.reviews[arm]])


def _number(value: Any) -> float | None:
    told = float(value)
    return told if np.isfinite(told) else None
