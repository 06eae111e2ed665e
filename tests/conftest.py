"""Fixtures shared by all tests: real data (or a loud skip), doubles of services, a tiny city."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarks.line_contract import Contract, official_file, read_contract

REPOSITORY = Path(__file__).parents[1]
ASSETS = REPOSITORY / ".kawamori" / "assets"
CHROMIUM = Path("/usr/bin/chromium")
DATA = Path(os.environ.get("KAWAMORI_DATA") or REPOSITORY.parent / "shared" / "data")

# They take longest: begun first, the two processes of `make test` end together.
LONG = {
    "test_backtest.py",
    "test_chain.py",
    "test_documented_days.py",
    "test_fan_out.py",
    "test_kept_models.py",
    "test_level_models.py",
    "test_situation_browser.py",
    "test_soak.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let notebooks and long files begin first; all else keeps its order."""
    items.sort(key=lambda item: item.path.suffix != ".ipynb" and item.path.name not in LONG)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real series and lists; skip loudly where there is none."""
    if not DATA.is_dir():
        pytest.skip("no real data: run  KAWAMORI_DATA=/path/to/data make test")
    return DATA


@pytest.fixture(scope="session")
def started_chromium() -> Iterator[Browser]:
    """Give the one browser of the session; without it the tests are skipped loudly."""
    if not CHROMIUM.is_file():
        pytest.skip("no Chromium: run  make debian")
    if not (ASSETS / "axe.min.js").is_file():
        pytest.skip("no scripts of pages and maps: run  make assets")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def chromium(started_chromium: Browser) -> Iterator[Browser]:
    """Give the browser; pages that the test leaves open are closed, or they would go on working."""
    yield started_chromium
    for context in started_chromium.contexts:
        context.close()


@pytest.fixture(scope="session")
def line_contract(real_data: Path) -> Contract:
    """Give the official LINE file, choices closed; skip loudly where there is none."""
    path = official_file(real_data)
    if path is None:
        pytest.skip("no schemas/line/messaging-api.yml beside the real data")
    return read_contract(path)


def load(name: str) -> ModuleType:
    """Load a file beside this one by path: tests are no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """Give a PostgreSQL server of our own; skip loudly where there is none."""
    server = load("postgresql").Server()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty store, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("postgresql").new_url())


@pytest.fixture
def doubles() -> ModuleType:
    """Give the doubles of LINE and of a mail server."""
    return load("doubles")


@pytest.fixture
def line_double(doubles: ModuleType) -> Iterator[Any]:
    """Give LINE; it judges by the official file where that lies beside the real data."""
    path = official_file(DATA)
    contract = None if path is None else read_contract(path)
    double = doubles.LineDouble(doubles.LineService(contract)).start()
    yield double
    double.stop()


@pytest.fixture
def smtp_double(doubles: ModuleType) -> Iterator[Any]:
    double = doubles.SmtpDouble().start()
    yield double
    double.stop()


@pytest.fixture(scope="session")
def build_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], object]], Path]:
    """Give a function that builds a city's folder once for all processes of the run."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cities"
    shared.mkdir(exist_ok=True)

    def built(name: str, build: Callable[[Path], object]) -> Path:
        with (shared / f".{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the other process waits for the one that builds
            if not (shared / name).exists():
                fresh = tmp_path_factory.mktemp("building") / name
                build(fresh)
                fresh.rename(shared / name)
        return shared / name

    return built


@pytest.fixture(scope="session")
def written_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the home folder that `tiny_home` copies for each test."""
    home = tmp_path_factory.mktemp("tiny") / "home"
    load("tiny_city").write_tiny_city(home / "cities" / "tiny")
    (home / "assets").mkdir()
    for name in ("uPlot.iife.min.js", "uPlot.min.css", "leaflet.js", "leaflet.css"):
        (home / "assets" / name).write_text("")
    return home


@pytest.fixture
def tiny_home(tmp_path: Path, written_home: Path) -> Path:
    """Give a home folder with the built city `tiny` and empty map and chart scripts."""
    return Path(shutil.copytree(written_home, tmp_path / "home", dirs_exist_ok=True))


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of models that `taught_home` keeps from test to test."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def taught_home(tiny_home: Path, tiny_models: Path) -> Path:
    """Give `tiny_home` with the models that earlier tests trained, as a desk of some days has."""
    (tiny_home / "models").symlink_to(tiny_models)
    return tiny_home


@pytest.fixture
def tiny() -> ModuleType:
    """Give the maker of the tiny city and its series."""
    return load("tiny_city")


@pytest.fixture(scope="module")
def training_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the YAML of a training on an invented river; its folder is data, bundles and home."""
    return Path(load("training_town").write_town(tmp_path_factory.mktemp("town")))


@pytest.fixture(scope="module")
def training_settings(training_file: Path) -> Any:
    """Give the settings that find the invented river."""
    from kawamori.settings import Settings

    home = training_file.parent
    return Settings(data=home, bundles=home, home=home / "home", out=home / "out")
