"""mlforecast: one LightGBM per lead on lags, upstream levels and rain as past exogenous lags.

Its direct models read exogenous columns at the step they forecast. To show each of them what was
known at issue time, every lag has one column per lead (`horizon_feature_templates`).
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.target_transforms import Differences

from benchmarks.machine import timed
from benchmarks.peers.direct import OTHER_LAGS, OWN_LAGS, WINDOW, booster, filled
from benchmarks.peers.task import Answer, Task

TRANSFORMS = {"mlforecast-raw": [], "mlforecast-differences": [Differences([1])]}
AT_ONCE = 2_000  # issue times forecast in one call


class Panel:
    """A series as the long frames that mlforecast reads."""

    def __init__(self, task: Task, series: pd.DataFrame, *, differences: bool) -> None:
        self.task, self.whole = task, filled(task, series)
        self.steps = max(task.leads_h)
        others = self.whole[[*task.upstream, *task.rain]]
        if differences:  # the library takes those of the target itself
            others = others.assign(**others[list(task.upstream)].diff().fillna(0.0))
        past = {(name, lag): others[name].shift(lag - 1) for name in others for lag in OTHER_LAGS}
        self.past = pd.concat(past, axis=1).astype("float32")  # known at each issue time
        self.templates = [f"x{number}_for_{{h}}" for number in range(self.past.shape[1])]

    def training(self) -> pd.DataFrame:
        """Give the training period; the columns of lead h hold what was known h steps before."""
        leads = range(1, self.steps + 1)
        columns = [self.past.shift(lead).set_axis(self.names(lead), axis=1) for lead in leads]
        level = pd.DataFrame({"unique_id": 0, "ds": self.whole.index, "y": self._level()})
        frame = pd.concat([level.set_index("ds", drop=False), *columns], axis=1)
        first, last = self.task.train
        return frame.loc[first:last].reset_index(drop=True)

    def windows(self, issued: pd.DatetimeIndex) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Give each issue time as a series of its own: recent levels, and columns of each lead."""
        rows = self.whole.index.get_indexer(issued)
        level = self._level()[rows[:, None] + np.arange(1 - WINDOW, 1)]
        hour = np.timedelta64(1, "h")
        back, ahead = np.arange(1 - WINDOW, 1) * hour, np.arange(1, self.steps + 1) * hour
        number = np.arange(len(rows))
        recent = pd.DataFrame({
            "unique_id": np.repeat(number, WINDOW),
            "ds": (issued.to_numpy()[:, None] + back).ravel(), "y": level.ravel(),
        })  # fmt: skip
        known = self.past.to_numpy()[rows]
        wide = np.zeros((len(rows), self.steps, self.steps, known.shape[1]), "float32")
        for lead in range(self.steps):  # a lead's columns stand at its own step, all else is 0
            wide[:, lead, lead] = known
        names = [name for lead in range(1, self.steps + 1) for name in self.names(lead)]
        exogenous = pd.DataFrame(wide.reshape(len(rows) * self.steps, -1), columns=names)
        exogenous.insert(0, "unique_id", np.repeat(number, self.steps))
        exogenous.insert(1, "ds", (issued.to_numpy()[:, None] + ahead).ravel())
        # The past must have the same columns; direct models read them of the future rows alone.
        blank = pd.DataFrame(np.zeros((len(recent), len(names)), "float32"), columns=names)
        return pd.concat([recent, blank], axis=1), exogenous

    def names(self, lead: int) -> list[str]:
        """Give the names of a lead's columns."""
        return [template.format(h=lead) for template in self.templates]

    def _level(self) -> np.ndarray:
        return self.whole[self.task.target].to_numpy()


def answers(task: Task, series: pd.DataFrame) -> list[Answer]:
    """Give the forecasts on the level and on its differences."""
    given = []
    for name, transforms in TRANSFORMS.items():
        if name not in task.peers:
            continue
        panel = Panel(task, series, differences=bool(transforms))
        issued = panel.whole.loc[task.test[0] : task.test[1]].index
        model = MLForecast(models={"level": booster()}, freq="h", lags=list(OWN_LAGS),
                           target_transforms=transforms)  # fmt: skip
        fit = partial(model.fit, panel.training(), static_features=[], max_horizon=panel.steps,
                      horizon_feature_templates=panel.templates)  # fmt: skip
        times = timed(fit, "fit")
        parts = [issued[first : first + AT_ONCE] for first in range(0, len(issued), AT_ONCE)]
        levels = np.concatenate([_levels(model, panel, part) for part in parts])
        table = pd.DataFrame(levels, index=issued, columns=range(1, panel.steps + 1))
        for size in task.gauges:
            many = panel.windows(issued[np.arange(size) % len(issued)])
            work = partial(_predict, model, panel, many)
            times |= timed(work, f"predict_{size}_gauges", times=3)
        given.append(Answer(name, table[list(task.leads_h)], times))
    return given


def _levels(model: MLForecast, panel: Panel, issued: pd.DatetimeIndex) -> np.ndarray:
    """Give the levels (issue time, step)."""
    told = _predict(model, panel, panel.windows(issued)).sort_values(["unique_id", "ds"])
    return told["level"].to_numpy().reshape(len(issued), panel.steps)


def _predict(
    model: MLForecast, panel: Panel, windows: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    recent, exogenous = windows
    return model.predict(h=panel.steps, new_df=recent, X_df=exogenous)
