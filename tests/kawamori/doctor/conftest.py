"""The desk of the tiny city, in which nothing has happened yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kawamori.doctor.finding import Patient
from kawamori.settings import Settings
from kawamori.store import open_store
from tests.findings import NOW


@pytest.fixture
def settings(tiny_home: Path, tmp_path: Path) -> Settings:
    (tmp_path / "out").mkdir()
    return Settings(home=tiny_home, out=tmp_path / "out", _env_file=None)


@pytest.fixture
def patient(settings: Settings) -> Iterator[Patient]:
    """Give the desk of the tiny city with a store in which nothing has happened."""
    engine = open_store(settings.store_url)
    yield Patient(settings, ("tiny",), NOW, engine)
    engine.dispose()
