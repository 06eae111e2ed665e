"""The fictional town, made once for all tests that look at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kawamori.town.bundle import build_town
from kawamori.town.town import Town, make_town


@pytest.fixture(scope="session")
def town() -> Town:
    """Give the town."""
    return make_town()


@pytest.fixture(scope="session")
def bundle(build_once: Callable[..., Path]) -> Path:
    """Give the folder of a built bundle."""
    return build_once("drill-town", build_town)
