"""The watch from a stored run to the phones of the duty, over doubles of both services."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from alerts.duty.tables import staff_acknowledgement, staff_alert, staff_delivery
from kawamori import store
from kawamori.acknowledge import router
from kawamori.console.access import declared
from kawamori.console.desk import Desk, utc_now
from kawamori.duty import alerting, send_test, watch, watch_city
from kawamori.duty_facts import run_facts
from kawamori.feeds.facts import FeedFact
from kawamori.policies import read_policy
from kawamori.record import run_json
from kawamori.settings import Settings

ROSTER = """
[[person]]
id = "hayashi"
name = "林 一郎"
order = 1
line = "U00000000000000000000000000000001"
mail = "hayashi@city.example"
shifts = [{ days = "月火水木金土日", start = "00:00", end = "00:00" }]

[[person]]
id = "mori"
name = "森 花子"
order = 2
mail = "mori@city.example"
shifts = [{ days = "月火水木金土日", start = "00:00", end = "00:00" }]
"""
CITY = "drill-town"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def live_run(made_run):
    return dataclasses.replace(made_run, drill=False)


@pytest.fixture
def desk(tmp_path, line_double, smtp_double, doubles):
    (tmp_path / "home" / "rosters").mkdir(parents=True)
    (tmp_path / "home" / "rosters" / f"{CITY}.toml").write_text(ROSTER, encoding="utf-8")
    return Settings(
        home=tmp_path / "home",
        out=tmp_path / "out",
        smtp_host="127.0.0.1",
        smtp_port=smtp_double.port,
        smtp_timeout_s=60.0,
        line_host=line_double.host,
        line_token=doubles.TOKEN,
        line_timeout_s=60.0,
        console_url="https://desk.example",
        public_url="https://public.example",
        duty_secret="a-long-secret-of-the-test",
    )


@pytest.fixture
def keep(desk):
    """Give a function that stores a run as `kawamori run` does, without its report."""

    def write(run, name=CITY):
        engine = store.open_store(desk.store_url)
        folder = desk.out / name
        (folder / "districts").mkdir(parents=True, exist_ok=True)
        (folder / "run.json").write_text(run_json(run), encoding="utf-8")
        (folder / "districts" / "district-01.png").write_bytes(b"\x89PNG" + b"1" * 100)
        store.start(engine, run_id=run.run_id, name=name, city_id=CITY, issued_at=run.issued_at,
                    drill=run.drill)  # fmt: skip
        store.complete(engine, run.run_id, input_digest="d", folder=folder, advice=[])
        return engine

    return write


def visitor(desk):
    app = FastAPI(openapi_url=None)
    app.state.desk = Desk(desk, store.open_store(desk.store_url), utc_now)
    app.include_router(router)
    assert all(roles == () for _method, _path, roles in declared(app.routes))
    return TestClient(app)


def alerts(engine):
    with engine.connect() as connection:
        return {row.topic: row for row in connection.execute(select(staff_alert))}


def told(engine):
    with engine.connect() as connection:
        rows = connection.execute(select(staff_delivery)).all()
    return {(row.person_id, row.channel, row.step, row.state) for row in rows}


def test_a_run_says_what_is_likely_silent_and_advised(live_run):
    """P(danger) at leads 1 to 6 h is 0.2 0.5 0.7 0.8 0.85 0.9: within 3 h 0.7, within 6 h 0.9."""
    policy = read_policy(Settings())
    record = json.loads(run_json(live_run))
    facts = run_facts(record, CITY, policy)
    chances = {(each.gauge_id, each.threshold): each for each in facts.chances}
    danger = chances["up", "danger"]
    assert (danger.probability, danger.earliest_h, danger.median_h) == (0.9, 1.0, 2.0)
    assert danger.district_ids
    assert chances["down", "danger"].probability is None
    assert chances["up", "judgment"].reached
    assert [each.source for each in facts.silences if not each.source.startswith("feed")] == [
        "down"
    ]
    near = dataclasses.replace(policy, staff=dataclasses.replace(policy.staff, lead_h=3.0))
    chances = {
        (each.gauge_id, each.threshold): each for each in run_facts(record, CITY, near).chances
    }
    assert chances["up", "danger"].probability == 0.7


def test_a_feed_that_failed_twice_or_is_silent_is_told(live_run):
    good = live_run.issued_at - timedelta(minutes=10)
    feeds = tuple(
        FeedFact(name, "table", 600.0, at, None, failures, "busy")
        for name, at, failures in (
            ("well", good, 0), ("once", good, 1), ("twice", good, 2),
            ("old", good - timedelta(minutes=20), 0),
        )
    )  # fmt: skip
    record = json.loads(run_json(dataclasses.replace(live_run, feeds=feeds)))
    silences = run_facts(record, CITY, read_policy(Settings())).silences
    found = {each.source: each.since for each in silences}
    assert {"feed:twice": good, "feed:old": feeds[3].last_good}.items() <= found.items()
    assert not {"feed:well", "feed:once"} & set(found)


def test_a_record_of_another_form_is_named():
    with pytest.raises(ValueError, match=r"run\.json must be the record of a run"):
        run_facts({"issued_at": "2026-06-30T15:00:00Z"}, CITY, read_policy(Settings()))


def test_within_one_pass_the_first_on_duty_has_it_on_line_and_mail(
    desk, keep, live_run, line_double, smtp_double
):
    engine = keep(live_run)
    list(watch_city(desk, CITY, now=live_run.issued_at + MINUTE))
    topics = alerts(engine)
    assert set(topics) >= {"advice/d1", "advice/d2", "likely/up"}
    assert topics["advice/d1"].level == 4
    assert topics["advice/d1"].deadline == live_run.issued_at + 40 * MINUTE
    assert {(person, state) for person, _, _, state in told(engine)} == {("hayashi", "accepted")}
    mail = next(m for _, m in smtp_double.mails if "避難指示" in m["Subject"])
    said = mail.get_body(("plain",)).get_content()
    assert "https://desk.example/runs/drill-town" in said
    assert "0時40分" in said  # 15:40 UTC
    assert [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert line_double.inboxes["U00000000000000000000000000000001"]


def test_the_link_shows_first_and_acknowledges_only_when_pressed(desk, keep, live_run, smtp_double):
    engine = keep(live_run)
    now = datetime.now(UTC)
    list(watch_city(desk, CITY, now=live_run.issued_at))
    mail = next(m for _, m in smtp_double.mails if "避難指示" in m["Subject"])
    link = re.search(r"https://public\.example(/duty/acknowledge/\S+)",
                     mail.get_body(("plain",)).get_content())  # fmt: skip
    client = visitor(desk)

    def known():
        with engine.connect() as connection:
            return len(connection.execute(select(staff_acknowledgement)).all())

    page = client.get(link[1])
    assert page.status_code == 200
    assert "確認しました" in page.text
    assert known() == 0
    assert "確認済み" in client.post(link[1]).text
    assert known() == 1
    picture = re.search(r'src="(/duty/maps/[^"]+)"', page.text)
    assert client.get(picture[1]).headers["content-type"] == "image/png"
    client.post(link[1], data={"everything": "true"})
    with engine.connect() as connection:
        rows = connection.execute(select(staff_acknowledgement)).all()
    assert len(rows) == len([row for row in alerts(engine).values() if row.step])
    assert {row.how for row in rows} == {"link"}
    assert all(abs(row.at - now) < timedelta(minutes=10) for row in rows)


@pytest.mark.parametrize("token", ["x", "x.y.z", "%00", "a" * 5000, "é"])
def test_a_forged_link_tells_nothing(desk, token):
    client = visitor(desk)
    for answer in (
        client.get(f"/duty/acknowledge/{token}"),
        client.post(f"/duty/acknowledge/{token}"),
        client.get(f"/duty/maps/{token}.png"),
    ):
        assert answer.status_code == 404


def test_without_a_secret_every_link_is_refused_and_none_is_sent(desk, keep, live_run, smtp_double):
    bare = desk.model_copy(update={"duty_secret": Settings().duty_secret})
    keep(live_run)
    list(watch_city(bare, CITY, now=live_run.issued_at))
    assert "acknowledge" not in smtp_double.mails[0][1].get_body(("plain",)).get_content()


def test_until_somebody_acknowledges_the_next_is_told(desk, keep, live_run):
    engine = keep(live_run)
    list(watch_city(desk, CITY, now=live_run.issued_at))
    list(watch(desk, now=live_run.issued_at + 5 * MINUTE))
    assert ("mori", "email", 2, "accepted") in told(engine)


def test_the_same_run_looked_at_again_tells_nobody_again(desk, keep, live_run, smtp_double):
    keep(live_run)
    list(watch_city(desk, CITY, now=live_run.issued_at))
    count = len(smtp_double.mails)
    list(watch_city(desk, CITY, now=live_run.issued_at + MINUTE))
    assert len(smtp_double.mails) == count


def test_a_drill_run_alerts_nobody(desk, keep, made_run, smtp_double):
    assert made_run.drill
    keep(made_run)
    list(watch_city(desk, CITY, now=made_run.issued_at))
    assert smtp_double.mails == []


def test_of_an_old_run_only_its_age_is_told(desk, keep, live_run):
    engine = keep(live_run)
    list(watch_city(desk, CITY, now=live_run.issued_at + 91 * MINUTE))
    assert set(alerts(engine)) == {"cycle"}


def test_a_record_that_cannot_be_read_is_a_failed_cycle(desk, keep, live_run):
    engine = keep(live_run)
    (desk.out / CITY / "run.json").write_text("{", encoding="utf-8")
    list(watch_city(desk, CITY, now=live_run.issued_at))
    assert set(alerts(engine)) == {"cycle"}


def test_a_cycle_that_fails_alerts_and_its_fault_goes_on(desk, smtp_double):
    said = []
    with pytest.raises(ValueError, match="row 3"), alerting(desk, said.append, city_id=CITY):
        raise ValueError("levels.csv row 3 has no time")
    (mail,) = [mail for _, mail in smtp_double.mails]
    assert "row 3" in mail.get_body(("plain",)).get_content()


def test_the_next_cycle_that_succeeds_clears_the_failure(desk, keep, live_run):
    engine = store.open_store(desk.store_url)
    list(watch_city(desk, CITY, now=live_run.issued_at, failure="ValueError: x"))
    keep(live_run)
    list(watch_city(desk, CITY, now=live_run.issued_at + MINUTE, failure=""))
    assert alerts(engine)["cycle"].closed is None  # nobody has acknowledged it yet
    assert "advice/d1" in alerts(engine)


def test_a_city_without_a_roster_says_so(desk):
    assert "no roster" in next(watch_city(desk, "nowhere"))


def test_a_test_without_a_roster_says_where_to_write_one_and_opens_no_alert(desk):
    with pytest.raises(FileNotFoundError, match=r"docs/duty\.md"):
        list(send_test(desk, "nowhere"))
    assert alerts(store.open_store(desk.store_url)) == {}


def test_a_test_is_a_drill_and_escalates(desk, smtp_double):
    list(send_test(desk, CITY))
    ((to, mail),) = smtp_double.mails
    assert to == "hayashi@city.example"
    assert mail["Subject"].startswith("【訓練】【職員用】")


def test_no_address_is_in_the_output_or_the_store_file(desk, keep, live_run):
    keep(live_run)
    lines = list(watch_city(desk, CITY, now=live_run.issued_at))
    stored = b"".join(path.read_bytes() for path in desk.home.glob("kawamori.sqlite*"))
    for secret in ("hayashi@city.example", "U0000000"):
        assert secret not in "".join(lines)
        assert secret.encode() not in stored


def test_passes_killed_at_any_moment_lose_nothing_and_line_gets_nothing_twice(
    desk, keep, live_run, line_double, smtp_double
):
    """Twelve workers die by kill -9 up to 0.3 s after their start; the next finish their work."""
    engine = keep(live_run)
    engine.dispose()  # a child may not share a connection
    chance = random.Random(7)
    for _ in range(12):
        child = os.fork()
        if child == 0:
            try:
                list(watch_city(desk, CITY, now=live_run.issued_at))
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    later = live_run.issued_at + 61 * timedelta(seconds=1)  # every lease has ended
    list(watch_city(desk, CITY, now=later))
    assert {state for _, _, _, state in told(engine)} == {"accepted"}
    titles = [row.title for row in alerts(engine).values() if row.step]
    (inbox,) = line_double.inboxes.values()
    assert len(line_double.accepted) == len(titles) == len(inbox)
    mails = [mail["Subject"] for _, mail in smtp_double.mails]
    assert all(any(title in subject for subject in mails) for title in titles)
