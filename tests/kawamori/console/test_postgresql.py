"""The console on PostgreSQL: doors, two officers at once, the ground, every page and the events.

The other tests of the console run on SQLite; the tables are the same, what a server answers is not.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.enrolment import enrol
from alerts.ledger_file import file_faults
from alerts.recipients import Person
from alerts.schema import approval
from kawamori import drill_book
from kawamori.console.access import declared
from kawamori.console.accounts import add_account
from kawamori.console.api.tokens import issue_token
from kawamori.drill_worker import work
from kawamori.ground import read_ground
from kawamori.settings import Settings
from kawamori.tables import metadata

PAGE = "/approvals/drill-town-live-1500Z"


@pytest.fixture
def settings(settings: Settings, postgresql: Any) -> Settings:
    """Give the settings of an empty desk on a server's database."""
    url = SecretStr(postgresql.new_url())
    return settings.model_copy(update={"database_url": url})


def test_doors_open_shut_and_open_again(console) -> None:
    with console.engine.begin() as connection:
        secret = add_account(
            connection, "sato", name="佐藤", roles=["officer"], by="test", at=console.clock()
        )
    browser = console.browser()
    token = re.search(r'name="csrf" value="([0-9a-f]{64})"', browser.get("/sign-in").text)
    assert token is not None
    form = {"csrf": token[1], "account": "sato"}
    tries = [browser.post("/sign-in", data={**form, "password": "wrong"}) for _ in range(5)]
    assert {answer.status_code for answer in tries} == {401}
    assert browser.post("/sign-in", data={**form, "password": secret}).status_code == 429
    console.clock.move(minutes=16)
    assert browser.post("/sign-in", data={**form, "password": secret}).status_code == 303
    assert browser.get("/runs").headers["location"].startswith("/account/password")


def test_officers_pressing_at_once_approve_once_and_it_is_sent(console, tmp_path) -> None:
    agreed = datetime(2026, 1, 1, tzinfo=UTC)
    person = Person("d1", "ja", "general", agreed, "test", (("email", "a@example.jp"),))
    with console.engine.begin() as connection:
        enrol(connection, [person])
    browsers = [console.browser("approver", name=f"officer-{number}") for number in range(4)]
    assert _press(browsers[0], _version(browsers[0])) == 303
    shown = [_version(each) for each in browsers[1:]]
    gate = Barrier(3)

    def race(number: int) -> int:
        gate.wait(timeout=60)
        return _press(browsers[1 + number], shown[number])

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(race, range(3))) == [303, 409, 409]
    with console.engine.connect() as connection:
        (done,) = connection.execute(select(approval)).all()
    assert (done.first_officer, done.level) == ("officer-0", 4)
    assert "警戒レベル4 避難指示" in console.browser().get("/public?lang=ja").text
    channel = RecordingChannel("email", "mail", tmp_path / "sent.jsonl")
    (sent,) = deliver(console.engine, {"email": channel}, now=console.clock())
    assert sent.state == "accepted"
    assert browsers[0].get(f"{PAGE}/progress").status_code == 200
    ledger = browsers[0].get("/audit/ledger.jsonl")
    assert list(file_faults(ledger.text.splitlines())) == []


def _version(browser: Any) -> str:
    found = re.search(r'value="(d1=[0-9a-f]{64})"', browser.get(PAGE).text)
    assert found is not None
    return found[1]


def _press(browser: Any, shown: str) -> int:
    status: int = browser.post(PAGE, data={"version": shown, "read": "yes"}).status_code
    return status


def test_report_of_a_shelter_is_taken_once(console) -> None:
    staff = console.browser("shelter", shelters=["s1"])
    form = {"version": "0", "occupied": "140", "status": "open"}
    answers = [staff.post("/shelters/s1/report", data=form).status_code for _ in range(2)]
    assert answers == [303, 409]
    (now,) = read_ground(console.engine, "drill-town", at=console.clock()).shelters
    assert (now.occupied, now.status, now.by) == (140, "open", "shelter-one")
    shelters = console.browser().get("/public/api/v1/shelters").json()["shelters"]
    assert [one["room_people"] for one in shelters] == [1]  # 150 places; told are 140, at most 149


def test_a_drill_is_asked_for_run_and_read_and_the_store_of_the_desk_hears_only_of_the_asking(
    console, tiny, taught_home
) -> None:
    tiny.write_storm(taught_home / "cities" / "tiny")
    officer = console.browser("officer")
    asked = {"storm": "tiny/cloudburst", "speed": "60", "line": "yes"}
    assert officer.post("/drill/start", data=asked).status_code == 303
    before = rows(console.engine)
    assert work(console.settings, wait=lambda _s: None)
    assert rows(console.engine) == before
    (one,) = drill_book.asked(console.settings.drills)
    told = drill_book.progress(console.settings.drills, one.drill_id)
    assert (told["state"], told.get("error"), len(told["cycles"])) == ("done", None, 2)
    report = officer.get(f"/drill/{one.drill_id}/report/index.html")
    assert report.status_code == 200
    assert "【訓練】" in report.text
    assert "【訓練】" not in console.browser().get("/public?lang=ja").text


def rows(engine: Any) -> dict[str, int]:
    """Count the rows of every table."""
    with engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def test_every_page_and_the_events_answer(console) -> None:
    at = console.clock()
    with console.engine.begin() as connection:
        issue_token(connection, "reader", expires=at.replace(year=2027), by="test", at=at)
    admin = console.browser("admin")
    wrong = []
    for method, path, _roles in declared(console.app.routes):
        if method == "GET" and "{" not in path:
            status = admin.get(path).status_code
            wrong += [(path, status)] if status not in {200, 303, 404} else []
    assert wrong == []
    kinds = re.findall(r"event: (\w+)", admin.get("/api/v1/events").text)
    assert sorted(kinds) == ["approval", "delivery", "log", "run"]
