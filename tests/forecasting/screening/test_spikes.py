"""Spikes: one or two readings, seen in hindsight only."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.screening.series import Series
from forecasting.screening.spikes import spike_flags
from forecasting.types import BAD, GOOD, SUSPECT

NAN = float("nan")


def flags(level: list[float], *, hindsight: bool = True) -> list[int]:
    column = np.array(level, dtype=float)[:, None]
    series = Series(column, np.full(column.shape, NAN), (None,), 1.0, hindsight)
    found: list[int] = spike_flags(series)[:, 0].tolist()
    return found


@pytest.mark.parametrize("sign", [1, -1])
def test_two_readings_that_leave_together_are_a_spike(sign: int) -> None:
    level = [1.0, 1.0, 1 + sign * 3.0, 1 + sign * 2.8, 1.1, 1.0]
    assert flags(level) == [GOOD, GOOD, BAD, BAD, GOOD, GOOD]
    assert set(flags(level, hindsight=False)) == {GOOD}


def test_of_three_or_of_unlike_ones_nothing_is_said() -> None:
    assert set(flags([1.0, 1.0, 4.0, 4.0, 4.0, 1.0, 1.0])) == {GOOD}
    assert set(flags([1.0, 1.0, 2.0, 0.2, 1.0])) == {GOOD}  # one up, one down


def test_a_small_step_of_two_is_within_what_rivers_do() -> None:
    assert set(flags([1.0, 1.9, 1.9, 1.0])) == {GOOD}  # 0.9 m; two together need 1 m
    assert flags([1.0, 2.2, 2.2, 1.0]) == [GOOD, SUSPECT, SUSPECT, GOOD]


@pytest.mark.parametrize("mark", [-9999.0, float("inf")])
def test_a_mark_of_a_missing_value_is_no_neighbour(mark: float) -> None:
    assert flags([mark, 1.0, 1.0, mark]) == [GOOD] * 4  # the range test refuses the marks


@pytest.mark.parametrize("level", [[], [1.0], [1.0, 9.0], [1.0, 9.0, 1.0], [NAN] * 5])
def test_a_few_readings_are_no_fault_of_the_test(level: list[float]) -> None:
    assert len(flags(level)) == len(level)
