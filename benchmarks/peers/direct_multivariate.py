"""skforecast: ForecasterDirectMultiVariate, one LightGBM per lead on the lags of all series."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from skforecast.direct import ForecasterDirectMultiVariate

from benchmarks.machine import timed
from benchmarks.peers.direct import ALONE, OTHER_LAGS, OWN_LAGS, WINDOW, booster, filled
from benchmarks.peers.task import Answer, Task

DIFFERENTIATION = {"skforecast-raw": None, "skforecast-differences": 1}
CHECKED = 5  # issue times at which the batch is held against the library's own predict
NEAR_M = 1e-6


def answers(task: Task, series: pd.DataFrame) -> list[Answer]:
    """Give the forecasts on the level and on its differences."""
    whole = filled(task, series)
    issued = whole.loc[task.test[0] : task.test[1]].index
    lags = {name: list(OTHER_LAGS) for name in task.columns} | {task.target: list(OWN_LAGS)}
    given = []
    for name, differentiation in DIFFERENTIATION.items():
        if name not in task.peers:
            continue
        model = ForecasterDirectMultiVariate(
            booster(), level=task.target, steps=max(task.leads_h), lags=lags,
            transformer_series=None, differentiation=differentiation, n_jobs=1,
        )  # fmt: skip
        training = whole.loc[task.train[0] : task.train[1]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of transformed matrices, told on every call
            times = timed(lambda m=model, t=training: m.fit(t), "fit")
            table = _levels(model, whole, issued)
            _check(model, whole, table)
            if task.gauges:
                times |= _many(model, whole, issued)
        given.append(Answer(name, table[list(task.leads_h)], times))
    return given


def _levels(
    model: ForecasterDirectMultiVariate, whole: pd.DataFrame, issued: pd.DatetimeIndex
) -> pd.DataFrame:
    """Give the levels (issue time × step) in one call per step, not one per issue time."""
    steps = list(model.steps)
    hour = pd.Timedelta(hours=1)
    ends = pd.date_range(whole.index[-1] + hour, periods=len(steps), freq="h")
    longer = pd.concat([whole, pd.DataFrame(0.0, ends, whole.columns)]).asfreq("h")
    values, targets = model.create_train_X_y(longer)
    at = values.index - max(steps) * hour  # a row is named by its last step
    chosen = values[at.isin(issued)]
    said = {
        step: model.estimators_[step].predict(
            model.filter_train_X_y_for_step(step, values, targets, remove_suffix=True)[0]
            .loc[lambda part, step=step: (part.index - step * hour).isin(issued)]
        )
        for step in steps
    }  # fmt: skip
    table = pd.DataFrame(said, index=chosen.index - max(steps) * hour)
    if model.differentiation is None:
        return table
    start = whole[model.level].reindex(table.index)
    return table.cumsum(axis=1).add(start, axis=0)


def _check(model: ForecasterDirectMultiVariate, whole: pd.DataFrame, table: pd.DataFrame) -> None:
    """Raise if the batch differs from what the library says issue time by issue time."""
    for row in np.linspace(0, len(table) - 1, CHECKED).astype(int):
        until = whole.loc[: table.index[row]].iloc[-WINDOW:]
        alone = model.predict(last_window=until)["pred"].to_numpy()
        if not np.allclose(alone, table.iloc[row], atol=NEAR_M):
            raise ValueError(
                f"batch and single forecast must agree, got {table.iloc[row].to_list()} and "
                f"{alone.tolist()} (issued {table.index[row]}). Check the alignment of steps."
            )


def _many(
    model: ForecasterDirectMultiVariate, whole: pd.DataFrame, issued: pd.DatetimeIndex
) -> dict[str, float]:
    """Give the time of 1,000 gauges, told from a few: the library forecasts one at a time."""
    windows = [whole.loc[:moment].iloc[-WINDOW:] for moment in issued[:ALONE]]

    def alone() -> None:
        for window in windows:
            model.predict(last_window=window)

    taken = timed(alone, "predict_1000_gauges", times=3)
    return {name: round(one * 1_000 / ALONE, 2) for name, one in taken.items()}
