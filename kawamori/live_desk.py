"""The desk of live cycles: the promoted champion forecasts, else a model trained on the series.

A model that reads rain forecasts serves once it is kept: learning takes minutes, more than a cycle
has, and `kawamori learn` does it beforehand, at night.
"""

from __future__ import annotations

from kawamori.champion import champion_for
from kawamori.city import City
from kawamori.drill import lessons, train_desk
from kawamori.kept_models import is_kept
from kawamori.pipeline import Desk, open_desk
from kawamori.policies import read_policy
from kawamori.settings import Settings


def live_desk(city: City, settings: Settings, *, rain: bool) -> Desk:
    """Give the desk; without a champion, and with `rain`, one whose kept model reads forecasts."""
    learned = lessons(city, drill=False)
    champion = champion_for(
        city.city_id, settings, default=learned.model, training=learned.training
    )
    if rain and (champion is None or champion.model is None):
        with_rain = lessons(city, drill=False, rain=True)
        if is_kept(
            with_rain.model, with_rain.training, settings.models, city=city,
            rain_forecast=with_rain.rain,
        ):  # fmt: skip
            learned = with_rain
    return open_desk(
        city, learned.model, learned.training, read_policy(settings, city.folder), drill=False,
        models=settings.models, rain_forecast=learned.rain, champion=champion,
    )  # fmt: skip


def learn(city: City, settings: Settings, *, rain: bool) -> bool:
    """Train and keep what live cycles of a city need; tell whether it reads rain forecasts."""
    train_desk(city, settings, drill=False)  # what a cycle uses until the other is there
    return rain and train_desk(city, settings, drill=False, rain=True).model.model.reads_rain
