"""The page of a review: scores worked out by hand, a time line per district, no network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from advisory.review import Outcome, review
from advisory.types import Advice, Clearance, Level, People
from kawamori.review_page import (
    ReviewedStorm,
    Scores,
    hours,
    lines,
    scores_of,
    slope_of,
    write_review,
)

NOON = datetime(2023, 9, 8, 3, tzinfo=UTC)
PLACE = (140.9, 37.05)


def told(number: int, level: Level) -> Advice:
    at = NOON + timedelta(hours=number)
    return Advice(
        "d", "下町<1>", level, at, None, at, (), (), People(must_leave=30), Clearance(60, 120, ""),
        (), "",
    )  # fmt: skip


@pytest.fixture
def storm() -> ReviewedStorm:
    """Give one district ordered at 13:00 whose water comes at 15:30."""
    levels = [Level.NONE, Level.EVACUATE, Level.EVACUATE, Level.EMERGENCY]
    cycles = tuple((told(number, level),) for number, level in enumerate(levels))
    outcome = {"d": Outcome(NOON + timedelta(hours=3.5), 20)}
    return ReviewedStorm("1", "模擬", cycles, {"川守": review(cycles, outcome, place=PLACE)})


def series(values: list[float]) -> xr.DataArray:
    return xr.DataArray(np.array(values)[:, None, None], dims=("issued_at", "gauge", "threshold"))


def test_scores_of_four_forecasts_are_those_by_hand():
    told_p, happened = series([0.1, 0.1, 0.9, 0.9]), series([0.0, 0.0, 1.0, 0.0])
    scores = scores_of([told_p], [happened])
    # Brier: (0.01 + 0.01 + 0.01 + 0.81) / 4 = 0.21; share 1/4, unskilled 0.1875: 1 - 1.12 = -0.12
    assert scores.brier == pytest.approx(0.21)
    assert scores.skill == pytest.approx(-0.12)
    # Bins (0.1 -> 0) and (0.9 -> 0.5): 0.5 / 0.8.
    assert scores.slope == pytest.approx(0.625)
    assert [cases for _, _, cases in scores.bins] == [2, 2]


def test_storms_are_pooled_and_unknown_rows_left_out():
    one, two = series([0.1, np.nan, 0.9]), series([0.1, 0.9])
    scores = scores_of([one, two], [series([0.0, 1.0, 1.0]), series([0.0, 0.0])])
    assert scores.brier == pytest.approx(0.21)


def test_nothing_known_scores_nothing():
    assert scores_of([series([np.nan])], [series([1.0])]) == Scores(None, None, None, (), ())
    assert slope_of([(0.1, 0.0, 5)]) is None


def test_the_time_line_marks_the_cycle_in_which_the_water_came(storm):
    (line,) = lines(storm)
    assert (line.verdict, line.wet) == ("間に合った", 3)  # the cycle of 15:00
    assert line.review.lead_min == 150.0


def test_a_quiet_district_has_no_line():
    cycles = ((told(0, Level.NONE),),)
    reviews = {"川守": review(cycles, {"d": Outcome(None, 0)}, place=PLACE)}
    assert lines(ReviewedStorm("1", "", cycles, reviews)) == []


def test_the_page_is_one_file_with_every_part(storm, tmp_path):
    path = tmp_path / "review" / "index.html"
    scores = scores_of([series([0.1, 0.9])], [series([0.0, 1.0])])
    write_review([storm], scores, path, title="【訓練】検証", note="模擬")
    page = path.read_text(encoding="utf-8")
    assert "下町&lt;1&gt;" in page
    assert "2:30 / 2:00" in page  # lead and need of the order
    assert "信頼度図" in page
    assert "経済価値" in page
    assert "http" not in page


def test_a_review_of_no_storms_is_still_a_page(tmp_path):
    path = tmp_path / "index.html"
    write_review([], Scores(None, None, None, (), ()), path, title="検証", note="")
    assert "ブライアスコア —" in path.read_text(encoding="utf-8")


def test_minutes_are_told_as_hours():
    assert [hours(value) for value in (None, 0.0, 90.0, 1500.0)] == ["—", "0:00", "1:30", "25:00"]
