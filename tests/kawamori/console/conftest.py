"""The console on a small stored run; `console.browser(role)` gives a visitor.

The run is a live one (本番), issued at midnight JST: d1 (上町) at level 4, d2 (下町) UNKNOWN.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine, insert, select, update

from kawamori.console import accounts
from kawamori.console.accounts import account, find_account
from kawamori.console.app import create_app
from kawamori.console.sessions import csrf_token, open_session
from kawamori.drafts import drafts
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import opened_store, runs
from kawamori.stored import store_and_report

HOST = "http://127.0.0.1"
CHARTS = ("uPlot.iife.min.js", "uPlot.min.css", "leaflet.js", "leaflet.css", "htmx.min.js")


@dataclass
class SetClock:
    """A clock that stands still until a test moves it."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Console:
    """The application with its settings and clock, and the visitors it has seen."""

    app: FastAPI
    settings: Settings
    clock: SetClock
    run: Run
    opened: list[TestClient] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        return self.app.state.desk.engine

    def browser(self, role: str | None = None, *, name: str = "", shelters: Any = ()) -> TestClient:
        """Give a browser; with a role it is signed in and sends its CSRF token by itself."""
        client = TestClient(self.app, base_url=HOST, follow_redirects=False)
        client.headers["accept"] = "text/html"
        self.opened.append(client)
        if role is None:
            return client
        account_id = name or f"{role}-one"
        row = {"account_id": account_id, "name": f"試験 {account_id}", "roles": [role]}
        state = {"must_change": False, "disabled": False, "at": self.clock()}
        with self.engine.begin() as connection:
            if find_account(connection, account_id) is None:
                connection.execute(insert(account).values(**row, **state, shelters=list(shelters)))
            session = open_session(
                connection, account_id, at=self.clock(), shift=timedelta(hours=12)
            )
        client.cookies.set("kawamori-session", session)
        client.headers["X-CSRF-Token"] = csrf_token(session)
        return client


@pytest.fixture
def live_run(made_run: Run) -> Run:
    """Give the small run as a live one, with the texts that the desk really drafts."""
    texts = drafts(made_run.city, made_run.advice, made_run.states, drill=False)
    return dataclasses.replace(
        made_run, run_id="drill-town-live-1500Z", drill=False, messages=tuple(texts)
    )


@pytest.fixture
def settings(tmp_path: Path, chart_assets: Path) -> Settings:
    """Give the settings of an empty desk."""
    home = tmp_path / "home"
    shutil.copytree(chart_assets, home / "assets")
    (tmp_path / "out").mkdir()
    return Settings(home=home, out=tmp_path / "out", events_s=0.0, _env_file=None)


@pytest.fixture
def clock() -> SetClock:
    """Give a clock at five minutes past midnight JST, five minutes after the run was issued."""
    return SetClock(datetime(2026, 6, 30, 15, 5, tzinfo=UTC))


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the least work; what is tested is who may come in."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(accounts, "HASHES", quick)
    monkeypatch.setattr(accounts, "NOBODY", quick.hash("nobody"))


@pytest.fixture(scope="session")
def kept_desks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder where each stored run is written once."""
    return tmp_path_factory.mktemp("desks")


def _row(kept: Path) -> dict[str, Any]:
    """Give the row of the run that is kept."""
    url = f"sqlite:///{kept / 'home' / 'kawamori.sqlite'}"
    with opened_store(url) as engine, engine.connect() as connection:
        return dict(connection.execute(select(runs)).one()._mapping)


@pytest.fixture
def build_console(
    settings: Settings, clock: SetClock, kept_desks: Path
) -> Iterator[Callable[[Run], Console]]:
    """Give the function that stores a run and builds the application on it."""
    built: list[Console] = []

    def build(run: Run) -> Console:
        kept = kept_desks / run.run_id
        if not kept.exists():
            where = {"home": kept / "home", "out": kept / "out", "database_url": None}
            first = settings.model_copy(update=where)
            shutil.copytree(settings.assets, first.assets)
            store_and_report(run, "town", first)
        shutil.copytree(kept, settings.home.parent, dirs_exist_ok=True)
        console = Console(create_app(settings, now=clock), settings, clock, run)
        with console.engine.begin() as connection:
            if settings.database_url is not None:
                connection.execute(insert(runs).values(_row(kept)))
            connection.execute(update(runs).values(folder=str(settings.out / "town")))
        built.append(console)
        return console

    yield build
    for each in built:
        for client in each.opened:
            client.close()
        each.engine.dispose()


@pytest.fixture
def console(build_console: Callable[[Run], Console], live_run: Run) -> Console:
    """Give the console with the small live run stored."""
    return build_console(live_run)
