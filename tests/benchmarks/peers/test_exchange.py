"""What goes to the peers and comes back keeps its times, columns and leads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from benchmarks.peers import exchange
from benchmarks.peers.exchange import ask, level_forecast, task_of
from benchmarks.peers.task import Answer, Task
from forecasting.evaluate import Fold
from forecasting.types import Gauge, LevelForecast, Observations

NOON = np.datetime64("2020-01-01T12:00", "ns")
HOUR = np.timedelta64(3_600_000_000_000, "ns")
FOLD = Fold(
    train=((datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 12, 31, tzinfo=UTC)),),
    test=(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)),
)


def _gauges() -> tuple[Gauge, ...]:
    lower = Gauge("low", "low", "river", 0.0, 0.0, upstream=("high",), rain_gauges=("rain",))
    return lower, Gauge("high", "high", "river", 0.0, 0.0)


def _task() -> Task:
    return task_of("case", _gauges(), "low", fold=FOLD, leads_h=(1, 3), peers=("lstm",))


def _like() -> LevelForecast:
    levels = np.zeros((2, 1, 2, 3))
    coords = {"issued_at": [NOON, NOON + HOUR], "gauge": ["low"], "lead": [HOUR, 3 * HOUR],
              "quantile": [0.05, 0.5, 0.95]}  # fmt: skip
    data = {"level_m": (("issued_at", "gauge", "lead", "quantile"), levels)}
    return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": "persistence"}))


def test_a_peer_is_given_the_gauges_rain_and_split_that_our_models_learn_from() -> None:
    task = _task()
    assert task.columns == ["low", "high", "rain"]
    assert task.train == ("2019-01-01T00:00:00.000000000", "2019-12-31T00:00:00.000000000")
    assert task.test[0] == "2020-01-01T00:00:00.000000000"


def test_a_task_and_its_series_come_back_as_written(tmp_path: Path) -> None:
    times = pd.date_range("2020-01-01", periods=2, freq="h")
    series = pd.DataFrame({"rain": [0.0, np.nan], "high": [1.0, 2.0], "low": [3.0, 4.0]}, times)
    _task().write(tmp_path, series)
    task, told = Task.read(tmp_path)
    assert task == _task()
    pd.testing.assert_frame_equal(told, series[["low", "high", "rain"]], check_freq=False)


def test_an_answer_stands_at_its_issue_times_and_leads_whatever_their_order(tmp_path: Path) -> None:
    times = pd.DatetimeIndex([NOON + HOUR, NOON])
    levels = pd.DataFrame({3: [1.3, 0.3], 1: [1.1, 0.1]}, index=times)
    Answer("lstm", levels, {"fit_s": 1.0}).write(tmp_path)
    told = level_forecast(Answer.read(tmp_path, "lstm"), _like())
    assert told.attrs["model_id"] == "lstm"
    # One level stands for all three quantiles.
    assert told["level_m"].sel(quantile=0.95).values[:, 0].tolist() == [[0.1, 0.3], [1.1, 1.3]]
    assert (told["level_m"].diff("quantile") == 0).all()


def test_a_time_that_a_peer_did_not_forecast_is_missing() -> None:
    levels = pd.DataFrame({1: [0.1], 3: [0.3]}, index=pd.DatetimeIndex([NOON]))
    told = level_forecast(Answer("lstm", levels, {}), _like())
    assert np.isnan(told["level_m"].values[1]).all()


def test_without_their_environment_the_error_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PYTHON", tmp_path / "python")
    nothing = Observations(xr.Dataset())
    with pytest.raises(FileNotFoundError, match="Run: make peers"):
        ask(_task(), nothing, tmp_path)
