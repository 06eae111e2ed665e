"""The sample of storms is fixed, half of them wet, and says how rare wet ones are."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from benchmarks import advisory_storms
from benchmarks.advisory_storms import Sample, sample_storms


@pytest.fixture
def climate(monkeypatch):
    """Let every fourth seed bring water."""

    def storm(_town, *, seed, before_h):
        people = 10 if seed % 4 == 0 else 0
        return None, SimpleNamespace(districts=pd.DataFrame({"people_in_water": [people]}))

    monkeypatch.setattr(advisory_storms, "simulate_storm", storm)


def test_wet_and_dry_storms_are_taken_by_turns_from_the_first_seed(climate):
    sample = sample_storms(None, "tuning", 5)
    assert sample.wet == (20_000, 20_004, 20_008)
    assert sample.dry == (20_001, 20_002)
    assert sample.seeds == (20_000, 20_001, 20_004, 20_002, 20_008)
    # 9 seeds were looked at, 3 wet and 6 dry: 2 dry for a wet one, while 2/3 were taken.
    assert sample.dry_weight == pytest.approx(3.0)


def test_halves_never_share_a_seed(climate):
    one, two = (set(sample_storms(None, half, 20).seeds) for half in ("tuning", "held-out"))
    assert not one & two


def test_one_storm_is_too_few(climate):
    with pytest.raises(ValueError, match="2 or more"):
        sample_storms(None, "tuning", 1)


def test_a_climate_without_floods_is_told(monkeypatch):
    dry = SimpleNamespace(districts=pd.DataFrame({"people_in_water": [0]}))
    monkeypatch.setattr(advisory_storms, "simulate_storm", lambda _town, **_asked: (None, dry))
    monkeypatch.setattr(advisory_storms, "MOST_SEEDS", 10)
    with pytest.raises(ValueError, match="0 storms with water"):
        sample_storms(None, "tuning", 4)


def test_seeds_of_uneven_lists_are_all_there():
    assert Sample((1, 2, 3), (4,), 1.0).seeds == (1, 4, 2, 3)
