"""A model that keeps the contract is told so; each breach is named."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models import MODELS
from kawamori.model_contract import contract_faults
from kawamori.training import train
from kawamori.training_config import read_training


@pytest.fixture(scope="module")
def run(training_file, training_settings):
    config = read_training(training_file)
    return train(config.model_copy(update={"folds": config.folds[:1]}), training_settings)


def times(run):
    return run.forecasts["linear"]["issued_at"].values[[30, 200]]


def test_a_known_model_breaks_nothing(run):
    assert contract_faults(run.kept.model(), run.docket.observations, times(run)) == []


class Crossed(MODELS["linear"]):
    """Its quantiles are upside down."""

    def _predict_gauge(self, *arguments):
        levels, last, age = super()._predict_gauge(*arguments)
        return levels[..., ::-1], last, age


class Prophet(MODELS["linear"]):
    """It looks at the last level of the whole series."""

    def predict_many(self, observations, issue_times, *, rain_forecast=None):
        told = super().predict_many(observations, issue_times)
        return told.assign(level_m=told["level_m"] + observations["level_m"].values[-1, 0])


class Forgetful(MODELS["linear"]):
    """It is kept without its band."""

    def state(self):
        whole = super().state()
        bands = {**whole["bands"]}
        wider = {key: value * 2 if isinstance(value, np.ndarray) else value
                 for key, value in bands.items()}  # fmt: skip
        return {**whole, "bands": wider}


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (Crossed, "quantiles must not cross"),
        (Prophet, "nothing after the issue time may change a forecast"),
        (Forgetful, "a model that is kept and read again must forecast the same bits"),
    ],
)
def test_each_breach_is_named(run, kind, fault):
    model = kind.from_state(run.kept.model().state())
    assert fault in contract_faults(model, run.docket.observations, times(run))
