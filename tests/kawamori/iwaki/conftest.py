"""Iwaki's bundle, built once for all its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from kawamori.iwaki.bundle import build_iwaki


@pytest.fixture(scope="session")
def bundle(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the built bundle."""
    folder = tmp_path_factory.mktemp("cities") / "iwaki"
    build_iwaki(real_data, folder)
    return folder
