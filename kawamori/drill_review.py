"""The review of a drill: its advice held against what happened, or what is missing for that.

A simulated storm has its truth beside it (模擬). A storm that really came has none, only the
documented facts of its day, if somebody wrote them down: then nothing is judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from advisory.district import place_of
from advisory.review import Outcome, review
from advisory.types import Level
from kawamori.days import Day, day_names, read_day
from kawamori.review_page import ReviewedStorm, Scores, clock, times, write_review
from kawamori.run import Run
from kawamori.words import LEVEL_WORDS, number

PAGE = "review.html"
OURS = "この訓練の助言"
UNSCORED = Scores(None, None, None, (), ())  # one storm is too few for scores of probabilities
SIMULATED = (
    "模擬: 架空の町と模擬の大雨で、浸水の時刻と人数の真値が分かっている。"
    "助言が出た回にすぐ発令したとして数えた。1件の大雨なので確率の成績は出さない"
)
UNTOLD = (
    "この大雨には浸水の時刻と人数の真値がないので、間に合ったか、見逃したか、空振りかは判定できない。"
    "下は助言の流れだけを示す"
)


def write_drill_review(
    runs: Sequence[Run], storm: str, *, storms: Path, bundles: Path, folder: Path, ended: str
) -> Path:
    """Write the page of a drill's review; give its path.

    Parameters
    ----------
    storms
        Folder of the city's stored storms: a truth lies beside its storm.
    bundles
        Folder with the documented days of cities.
    ended
        How the drill ended, for the reader: 終了, or why only part of it was run.
    """
    title = f"【訓練】{runs[0].city.name} {storm} の振り返り"
    told = ReviewedStorm(storm, ended, tuple(run.advice for run in runs), {})
    outcomes = read_outcomes(storms / f"{storm}.truth.json")
    path = folder / PAGE
    known = {one.district_id for one in runs[0].advice}
    place = place_of(runs[0].city.districts, runs[0].city.gauges)
    if outcomes is None or place is None or known - set(outcomes):
        _write_untold(told, _day(storm, runs[0].city.city_id, bundles), path, title=title)
        return path
    reviewed = review(told.cycles, outcomes, place=place)
    storm_page = ReviewedStorm(storm, ended, told.cycles, {OURS: reviewed})
    write_review([storm_page], UNSCORED, path, title=title, note=f"{ended}。{SIMULATED}")
    return path


def read_outcomes(path: Path) -> dict[str, Outcome] | None:
    """Give what became of each district of a simulated storm; None = no truth is kept."""
    if not path.is_file():
        return None
    rows = json.loads(path.read_text(encoding="utf-8"))["districts"]
    return {str(row["district_id"]): _outcome(row) for row in rows}


def _outcome(row: Mapping[str, Any]) -> Outcome:
    water = row["first_water"]
    first = None if water is None else datetime.fromisoformat(water)
    return Outcome(first, int(row["people_in_water"]))


def _day(storm: str, city_id: str, bundles: Path) -> Day | None:
    """Give the documented day of a storm; None = nobody wrote one down."""
    days = (read_day(name, bundles) for name in day_names(bundles))
    return next((day for day in days if (day.city, day.storm) == (city_id, storm)), None)


def _write_untold(told: ReviewedStorm, day: Day | None, path: Path, *, title: str) -> None:
    """Write how the advice went, what is documented, and what is missing to judge it."""
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(number=number, words=LEVEL_WORDS, clock=clock)
    rows = {}
    for advice in zip(*told.cycles, strict=True):
        orders = [one.issued_at for one in advice if one.level >= Level.EVACUATE]
        rows[advice[0].name] = (min(orders, default=None), [one.level for one in advice])
    path.parent.mkdir(parents=True, exist_ok=True)
    page = environment.get_template("drill_untold.html").render(
        title=title, note=f"{told.title}。{UNTOLD}", times=times(told), rows=rows, day=day
    )
    path.write_text(page, encoding="utf-8")
