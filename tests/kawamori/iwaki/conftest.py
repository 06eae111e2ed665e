"""Iwaki's bundle, built once for all its tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kawamori.iwaki.bundle import build_iwaki


@pytest.fixture(scope="session")
def bundle(real_data: Path, build_once: Callable[..., Path]) -> Path:
    """Give the folder of the built bundle."""
    return build_once("iwaki", lambda folder: build_iwaki(real_data, folder))
