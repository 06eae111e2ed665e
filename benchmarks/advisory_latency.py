"""How long a city waits for explained advice once a telegram has come in, on built Iwaki."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

from forecasting.types import aware
from kawamori.cities import open_city
from kawamori.drill import read_storm, train_desk
from kawamori.explanation import explain
from kawamori.pipeline import cycle
from kawamori.record import run_json
from kawamori.settings import Settings
from kawamori.telegrams import read_warnings

CITY = "iwaki"
AFTER = timedelta(hours=42)  # in the stored storm: the rivers rise
TURNS = 3


def latency_s(settings: Settings) -> tuple[float, float] | None:
    """Give the median seconds, wall and CPU, from telegrams to the words of every district.

    The official samples are read anew each time; the desk stands ready, as in service. None =
    there are no real series, so Iwaki cannot be built.
    """
    if settings.data is None:
        return None
    city = open_city(CITY, settings, lambda _text, _share: None)
    desk = train_desk(city, settings, drill=True)
    _, observations = read_storm(city, None)
    issued_at = aware(observations["time"].values[0]) + AFTER
    turns = []
    for _ in range(TURNS):
        wall, cpu = time.perf_counter(), time.process_time()
        warnings = read_warnings(Path(settings.data) / "jma", city, issued_at=issued_at)
        run = cycle(desk, observations, issued_at=issued_at, warnings=warnings)
        record = json.loads(run_json(run))
        for district_id in city.districts.index:
            told = list(explain(record, str(district_id), language="ja"))
            assert told, district_id
        turns.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall_s, cpu_s = (sorted(each)[TURNS // 2] for each in zip(*turns, strict=True))
    return round(wall_s, 2), round(cpu_s, 2)
