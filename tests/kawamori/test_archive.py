"""The archive: what came when; corrections take effect when they came, and no earlier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.types import Gauge
from kawamori.archive import Archive

NAN = float("nan")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STEP = timedelta(minutes=10)
GAUGE = Gauge("g1", "", "", lon=140.0, lat=37.0, rain_gauges=("r1",))


def readings(*rows: tuple[str, str, datetime, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["kind", "station_id", "at", "value"])


def level(at: datetime, value: float, station: str = "g1") -> pd.DataFrame:
    return readings(("level_m", station, at, value))


def levels_of(archive: Archive, **changes: Any) -> list[float]:
    """Give the levels of g1 at 11:40, 11:50 and 12:00."""
    span = {"start": NOON - 2 * STEP, "end": NOON, "step": STEP}
    window = archive.window([GAUGE], **span | changes)
    found: list[float] = window["level_m"].values[:, 0].tolist()
    return found


def test_a_reading_comes_back_at_its_time_and_the_rest_is_missing(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert archive.append(level(NOON - STEP, 1.5), received_at=NOON) == 1
    np.testing.assert_equal(levels_of(archive), [NAN, 1.5, NAN])


def test_a_correction_counts_from_when_it_came(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.append(level(NOON - STEP, 1.5), received_at=NOON)
    archive.append(level(NOON - STEP, 1.7), received_at=NOON + STEP)
    assert levels_of(archive)[1] == 1.7
    assert levels_of(archive, known_at=NOON)[1] == 1.5


def test_a_reading_withdrawn_is_missing_from_then_on(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.append(level(NOON, 9.9), received_at=NOON)
    archive.append(level(NOON, NAN), received_at=NOON + STEP)
    assert np.isnan(levels_of(archive)[2])


def test_a_reading_between_two_steps_stands_at_the_later_and_the_newest_counts(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path)
    late, early = NOON - timedelta(minutes=1), NOON - timedelta(minutes=9)
    archive.append(pd.concat([level(late, 2.0), level(early, 1.0)]), received_at=NOON)
    np.testing.assert_equal(levels_of(archive), [NAN, NAN, 2.0])


def test_the_same_report_twice_is_kept_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for _ in range(2):
        archive.append(level(NOON, 1.0), received_at=NOON)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_an_hour_of_rain_is_the_sum_of_six_reports_or_missing(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    rows = [("rain_mm", "r1", NOON - number * STEP, 1.5) for number in range(11)]
    archive.append(readings(*rows), received_at=NOON)
    window = archive.window(
        [GAUGE], start=NOON - timedelta(hours=1), end=NOON, step=timedelta(hours=1), rain_step=STEP
    )
    # 11:10 to 12:00 are six reports of 1.5 mm; 10:20 to 11:00 are five, so that hour is missing.
    np.testing.assert_equal(window["rain_mm"].values[:, 0], [NAN, 9.0])


def test_an_empty_archive_and_an_unknown_station_are_missing_not_zero(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "none")
    assert np.isnan(levels_of(archive)).all()
    assert archive.append(readings(), received_at=NOON) == 0
    archive.append(level(NOON, 1.0, station="other"), received_at=NOON)
    assert np.isnan(levels_of(archive)).all()


def test_compacting_keeps_every_report(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.append(level(NOON - STEP, 1.0), received_at=NOON - STEP)
    archive.append(level(NOON - STEP, 1.2), received_at=NOON)
    assert archive.compact(NOON) == 0  # the day is not over
    assert archive.compact(NOON + timedelta(days=1)) == 2
    assert levels_of(archive)[1] == 1.2
    assert levels_of(archive, known_at=NOON - STEP)[1] == 1.0
    archive.append(level(NOON, 1.3), received_at=NOON + STEP)  # late, after the day was closed
    assert levels_of(archive)[1:] == [1.2, 1.3]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (readings(("stage", "g1", NOON, 1.0)), "kind of a reading must be one of"),
        (level(NOON + STEP, 1.0), "must not be later than it was received"),
        (level(datetime(2026, 6, 1, 12), 1.0), "must be aware"),  # noqa: DTZ001
        (readings().drop(columns="at"), r"missing \['at'\]"),
    ],
)
def test_what_cannot_be_told_again_is_refused(
    tmp_path: Path, rows: pd.DataFrame, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Archive(tmp_path).append(rows, received_at=NOON)


@given(order=st.permutations(range(4)))
def test_the_order_of_appending_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    for number in order:
        received_at = NOON + number * STEP
        archive.append(level(NOON, float(number)), received_at=received_at)
    assert levels_of(archive)[2] == 3.0  # the last received


def test_a_file_that_a_power_cut_left_is_put_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.append(level(NOON - STEP, 1.0), received_at=NOON - STEP)
    archive.append(level(NOON, 2.0), received_at=NOON)
    first, second = sorted(tmp_path.glob("*/*.parquet"))
    first.write_bytes(b"")  # its name is there, its content never reached the disk
    assert levels_of(archive) == pytest.approx([NAN, NAN, 2.0], nan_ok=True)
    assert [path.name for path in tmp_path.glob("*/*.damaged")] == [f"{first.name}.damaged"]
    second.write_bytes(second.read_bytes()[:-9])  # cut short, alone
    assert levels_of(archive) == pytest.approx([NAN, NAN, NAN], nan_ok=True)


def test_a_file_that_no_one_may_open_is_an_error_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    archive = Archive(tmp_path)
    archive.append(level(NOON, 2.0), received_at=NOON)
    monkeypatch.setattr("kawamori.archive.ds.dataset", refused)
    monkeypatch.setattr("kawamori.damaged.pq.read_table", refused)
    with pytest.raises(PermissionError):
        levels_of(archive)
    assert not list(tmp_path.glob("*/*.damaged"))


def test_a_damaged_file_does_not_keep_a_day_from_being_joined(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for number in range(3):
        archive.append(level(NOON + number * STEP, 1.0), received_at=NOON + number * STEP)
    next(tmp_path.glob("*/*.parquet")).write_bytes(b"half")
    assert archive.compact(NOON + timedelta(days=1)) == 2  # the two that are whole
    assert len(list(tmp_path.glob("*/day.parquet"))) == 1
