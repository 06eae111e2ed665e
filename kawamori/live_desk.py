"""The desk of live cycles: it reads rain forecasts once a model has learned to.

Learning that takes minutes, more than a cycle has: `kawamori learn` does it beforehand, at night.
"""

from __future__ import annotations

from kawamori.city import City
from kawamori.drill import lessons, train_desk
from kawamori.kept_models import is_kept
from kawamori.pipeline import Desk
from kawamori.settings import Settings


def live_desk(city: City, settings: Settings, *, rain: bool) -> Desk:
    """Give the desk; with `rain` one that reads rain forecasts if its model is kept already."""
    if rain:
        learned = lessons(city, drill=False, rain=True)
        rain = is_kept(
            learned.model, learned.training, settings.models, city=city,
            rain_forecast=learned.rain,
        )  # fmt: skip
    return train_desk(city, settings, drill=False, rain=rain)


def learn(city: City, settings: Settings, *, rain: bool) -> bool:
    """Train and keep what live cycles of a city need; tell whether it reads rain forecasts."""
    train_desk(city, settings, drill=False)  # what a cycle uses until the other is there
    return rain and train_desk(city, settings, drill=False, rain=True).model.model.reads_rain
