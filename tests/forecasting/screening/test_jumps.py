"""Jumps: falls that water does not make, and the way back of spikes and of sensors."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.screening.jumps import jump_flags
from forecasting.screening.limits import range_flags
from forecasting.screening.series import Series
from forecasting.types import BAD, GOOD, SUSPECT

NAN = float("nan")
SIGNS = {GOOD: ".", SUSPECT: "s", BAD: "B"}


def series(level: list[float], step_h: float) -> Series:
    column = np.array(level, dtype=float)[:, None]
    return Series(column, np.full(column.shape, NAN), (None,), step_h)


def flags(level: list[float], step_h: float = 1 / 6) -> str:
    return "".join(SIGNS[int(one)] for one in jump_flags(series(level, step_h))[:, 0])


def test_the_zero_of_a_lost_sensor_in_a_flood_is_no_calm_water() -> None:
    # 4.5 m in 10 min; limit 1.8 + 1.2 / 6 = 2 m. Then 5.0 m again, a rise of 0.5 m in 40 min.
    assert flags([3.5, 4.5, 0, 0, 0, 5.0, 5.2]) == "..BBB.."


def test_a_flood_that_comes_back_after_a_believed_zero_is_believed_at_once() -> None:
    # 4.5 m may fall in 2.25 h (1.8 + 1.2 * 2.25): the 14th reading of 0.00, at 2 h 20, is believed.
    # 5.2 m goes on from 4.5 m of 2.5 h before: limit 1 + 2 * 2.5 = 6 m.
    assert flags([4.5] * 3 + [0.0] * 14 + [5.2, 5.3]) == "..." + "B" * 13 + "s" + "s."


def test_a_lower_zero_is_believed_after_three_hours_a_higher_one_after_six_readings() -> None:
    # 10 m down in 10-minute readings: the 18th is 3 h after the last one above.
    assert flags([12.0] * 3 + [2.0] * 20) == "..." + "B" * 17 + "s.."
    assert flags([2.0] * 3 + [12.0] * 8) == "..." + "B" * 5 + "s.."


@pytest.mark.parametrize("width", [1, 2, 3])
def test_after_a_spike_the_old_level_is_believed(width: int) -> None:
    # +3.2 m in 10 min is doubtful (limit 1.33 m), not impossible (3.83 m); so is the way back.
    wide = "s" + "." * (width - 1) + "s"
    assert flags([1.0] * 5 + [4.2] * width + [1.0] * 4) == "....." + wide + "..."


def test_the_fastest_falls_seen_are_not_refused() -> None:
    assert flags([5.0, 2.89], step_h=1.0) == ".s"  # Tokachi 2016: 2.11 m in an hour
    assert flags([7.47, 7.31, 7.16]) == "..."  # 厚東川 2023: 0.16 m in 10 min


def test_a_dam_that_lets_go_and_shuts_its_gates_is_believed() -> None:
    # 30 cm in 10 min up, 4 m higher for hours, and down again by 1.9 m in 10 min.
    up = [1.0 + 0.3 * step for step in range(14)]
    assert "B" not in flags([*up, *[4.9] * 20, 3.0, 1.1, *[1.0] * 9])


def test_a_flood_that_fell_in_an_outage_is_believed() -> None:
    assert flags([10.0, *[NAN] * 144, 3.5, 3.4])[-2:] == "s."  # 24 h: 1.8 + 1.2 * 24 = 30.6 m


@pytest.mark.parametrize("mark", [-9999.99, -999.0, 9999.0, 32767.0])
def test_a_mark_of_a_missing_value_is_refused_and_no_base_of_what_follows(mark: float) -> None:
    level = [mark, 1.0, 1.1, mark, 1.2]
    assert range_flags(series(level, 1.0))[:, 0].tolist() == [BAD, GOOD, GOOD, BAD, GOOD]
    assert flags(level) == "....."
