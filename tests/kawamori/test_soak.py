"""The soak's short form: cycles of the tiny city, nine with a fault; SOAK_CYCLES=60 is longer."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from benchmarks.soak import OTHER_FAULTS, Soak, soak
from benchmarks.soak_feed import FEED_FAULTS
from forecasting.types import aware
from kawamori.cities import open_city
from kawamori.cycle_log import STEP
from kawamori.drill import train_desk
from kawamori.settings import Settings

CYCLES = int(os.environ.get("SOAK_CYCLES", "11"))  # 9 of them with a fault


@pytest.fixture
def settings(tiny_home, tmp_path):
    return Settings(home=tiny_home, out=tmp_path / "out")


def test_every_cycle_is_accounted_for_and_no_advice_is_low_without_a_word(
    settings, tiny, monkeypatch
):
    # Each fault once and in the order of their names, the others between them good.
    faults = iter([*sorted({*FEED_FAULTS, *OTHER_FAULTS}), *[""] * CYCLES])
    monkeypatch.setattr(Soak, "fault", lambda _: next(faults))
    monkeypatch.setattr("benchmarks.soak.KILLED_S", 1.0)  # a cycle of the tiny city takes less
    city = open_city("tiny", settings, lambda *_: None)
    desk = train_desk(city, settings, drill=False)
    series = tiny.tiny_series(72, storm_mm=60.0)
    last = aware(series["time"].values[-1])
    times = [last - (CYCLES - 1 - number) * STEP + timedelta(minutes=3) for number in range(CYCLES)]
    found = soak(settings, desk, series, times)
    assert (found["cycles"], found["accounted"]) == (CYCLES + 1, CYCLES + 1)
    # One was killed, so was the guard of one, one never began; later guards wrote that down.
    assert found["states"] == {"complete": CYCLES - 2, "killed": 2, "missed": 1}
    assert found["swallowed"] == []
    assert found["raised"]["guard killed: the guard was killed"] == 1
    assert found["cycle"]["last_mb"] < found["cycle"]["first_mb"] + 100
