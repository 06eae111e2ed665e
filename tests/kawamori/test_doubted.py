"""Levels that were refused or are doubted are told, where they can matter."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from forecasting.types import BAD, GOOD, SUSPECT, utc64
from kawamori.doubted import doubtful, refused
from kawamori.run import Run
from kawamori.situation import alarms


def with_readings(run: Run, *readings: tuple[int, float, int]) -> Run:
    """Give the run with gauge up's levels and flags, each so many minutes before the issue time."""
    made = run.observations.copy(deep=True)
    made["level_flag"][:] = GOOD
    for minutes, level_m, flag in readings:
        at = {"time": utc64(run.issued_at - timedelta(minutes=minutes)), "gauge": "up"}
        made["level_m"].loc[at], made["level_flag"].loc[at] = level_m, flag
    return dataclasses.replace(run, observations=made)


def test_the_newest_refused_level_of_the_hour_is_told_with_their_number(made_run: Run) -> None:
    run = with_readings(made_run, (60, 8.0, BAD), (0, 9.0, BAD), (120, 7.0, BAD))
    (found,) = refused(run)
    assert (found.gauge.gauge_id, found.level_m, found.count) == ("up", 9.0, 2)
    assert found.at == run.issued_at
    # Midnight of July in Japan, see ISSUED_AT.
    assert "誤りとみて使っていない水位: 上橋 7/1 00:00 9.00 m(2回)(現地・カメラで確かめること)" in (
        alarms(run)
    )
    assert any("上橋 7/1 00:00 9.00 m (2 ×)" in text for text in alarms(run, language="en"))


def test_a_run_of_good_readings_has_nothing_to_tell(made_run: Run) -> None:
    assert refused(with_readings(made_run)) == []
    assert doubtful(with_readings(made_run)) == []


@pytest.mark.parametrize(("level_m", "told"), [(0.3, 0), (2.9, 1)])
def test_a_doubtful_level_counts_from_the_lowest_official_level_on(
    made_run: Run, level_m: float, told: int
) -> None:
    assert len(doubtful(with_readings(made_run, (0, level_m, SUSPECT)))) == told


def test_a_missing_level_is_not_a_refused_one(made_run: Run) -> None:
    assert refused(with_readings(made_run, (0, float("nan"), BAD))) == []


def test_a_gauge_without_series_is_passed_over(made_run: Run) -> None:
    run = with_readings(made_run, (0, 9.0, BAD))
    bare = dataclasses.replace(run, observations=run.observations.sel(gauge=["down"]))
    assert refused(bare) == []
