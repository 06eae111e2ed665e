"""Fixtures shared by all tests: where real data lies, and loud skips without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real series and lists; skip loudly where there is none."""
    folder = os.environ.get("KAWAMORI_DATA") or str(REPOSITORY.parent / "shared" / "data")
    if not Path(folder).is_dir():
        pytest.skip("no real data: run  KAWAMORI_DATA=/path/to/data make test")
    return Path(folder)
