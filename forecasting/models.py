"""Level models: what each must do, and the known ones by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from forecasting.baselines import Quantile, Raw
from forecasting.frame import LevelFrame
from forecasting.gbm import Gbm
from forecasting.global_model import GlobalGbm
from forecasting.linear import Linear
from forecasting.persistence import Persistence
from forecasting.state import State
from forecasting.types import LevelForecast, Observations, RainForecast


class LevelModel(Protocol):
    """Learns from observations and forecasts the levels of its target gauges."""

    model_id: ClassVar[str]

    @property
    def reads_rain(self) -> bool:
        """Whether it was fitted with rain forecasts, so that it can read one."""

    def fit(self, observations: Observations, rain_forecast: RainForecast | None = None) -> Self:
        """Learn; a second call forgets the first."""

    def predict(
        self,
        observations: Observations,
        *,
        issued_at: datetime,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give level_m (gauge, lead, quantile) from what was known at `issued_at`."""

    def predict_many(
        self,
        observations: Observations,
        issue_times: NDArray[np.datetime64],
        *,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give level_m (issued_at, gauge, lead, quantile), each cycle as `predict` gives it."""

    def config(self) -> State:
        """Give what decides what is learned, as plain values: gauges, targets, leads_s, seed."""

    def state(self) -> State:
        """Give configuration and all that was learned, as plain values (forecasting.state)."""

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the fitted model that `state` was told by; its forecasts are the same bits."""


# A model takes keyword arguments gauges, targets, leads, seed and jobs (see LevelFrame).
MODELS: Mapping[str, type[LevelFrame]] = {
    model.model_id: model for model in (Persistence, Linear, Raw, Quantile, Gbm, GlobalGbm)
}
