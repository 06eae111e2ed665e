"""Subscribing a browser: consent with its time, one browser one entry, nothing from elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from alerts.recipients import recipient, recipient_address
from kawamori import push_page
from kawamori.console.desk import Desk
from kawamori.console.tries import Tries
from kawamori.push_page import offered
from kawamori.settings import Settings
from kawamori.store import complete, opened_store, start

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def site(tmp_path, vapid_key, monkeypatch):
    monkeypatch.setattr(push_page, "tries", Tries())
    settings = Settings(home=tmp_path, vapid_key=vapid_key)
    folder = settings.cities / "town"
    folder.mkdir(parents=True)
    pd.DataFrame({"name": ["上町"]}, index=["d1"]).to_parquet(folder / "districts.parquet")
    with opened_store(settings.store_url) as engine:
        start(engine, run_id="r", name="r", city_id="town", issued_at=NOW, drill=False)
        complete(engine, "r", input_digest="d", folder=tmp_path, advice=[])
        app = FastAPI()
        app.state.desk = Desk(settings, engine, lambda: NOW)
        app.include_router(push_page.router)
        with TestClient(app) as client:
            client.engine = engine
            yield client


@pytest.fixture
def subscription(doubles):
    return json.loads(doubles.Browser().subscription("https://push.example/send/1"))


def wish(browser, **changes):
    return {"subscription": browser, "district_id": "d1", "language": "en",
            "household": "general", "consent": True, **changes}  # fmt: skip


def kept(site):
    with site.engine.connect() as connection:
        people = connection.execute(select(recipient)).all()
        addresses = connection.execute(select(recipient_address)).all()
    return people, addresses


def test_a_browser_that_agrees_is_in_the_registry_once_with_the_time(site, subscription):
    for _ in range(2):
        assert (
            site.post("/push/subscribe", json=wish(subscription), headers=OURS).status_code == 204
        )
    (person,), (address,) = kept(site)
    assert (person.district_id, person.language, person.consent_at) == ("d1", "en", NOW)
    assert json.loads(address.address)["endpoint"] == "https://push.example/send/1"


def test_after_unsubscribing_nothing_is_sent(site, subscription):
    site.post("/push/subscribe", json=wish(subscription), headers=OURS)
    assert site.post("/push/unsubscribe", json=subscription, headers=OURS).status_code == 204
    _, (address,) = kept(site)
    assert address.opted_out_at == NOW


@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({"consent": False}, OURS, 422),
        ({"district_id": "elsewhere"}, OURS, 422),
        ({"language": "xx"}, OURS, 422),
        ({"subscription": {"endpoint": "http://push.example/", "keys": {}}}, OURS, 422),
        ({}, {"sec-fetch-site": "cross-site"}, 403),
        ({}, {"origin": "https://evil.example"}, 403),
        ({}, {}, 403),
        ({}, {**OURS, "content-type": "text/plain"}, 415),
    ],
)
def test_what_is_not_asked_for_or_comes_from_elsewhere_is_not_kept(
    site, subscription, changes, headers, status
):
    body = json.dumps(wish(subscription, **changes))
    headers = {"content-type": "application/json", **headers}
    answer = site.post("/push/subscribe", content=body, headers=headers)
    assert answer.status_code == status
    assert "push.example" not in answer.text
    assert kept(site) == ([], [])


def test_the_thirty_first_try_in_a_quarter_of_an_hour_waits(site, subscription):
    codes = [
        site.post("/push/unsubscribe", json=subscription, headers=OURS).status_code
        for _ in range(31)
    ]
    assert codes == [204] * 30 + [429]


def test_the_worker_may_act_for_the_site_and_the_key_is_public(site, vapid_key):
    assert site.get("/push/worker.js").headers["service-worker-allowed"] == "/"
    told = site.get("/push/key").json()["key"]
    assert len(told) == 87  # 65 bytes in base64url without padding
    assert vapid_key not in told


def test_nothing_is_offered_without_a_usable_key_or_the_districts(tmp_path, vapid_key, caplog):
    city = tmp_path / "cities" / "town"
    city.mkdir(parents=True)
    (city / "districts.parquet").touch()
    assert len(offered(Settings(home=tmp_path, vapid_key=vapid_key, _env_file=None), "town")) == 87
    assert offered(Settings(home=tmp_path, vapid_key=vapid_key, _env_file=None), "elsewhere") == ""
    assert offered(Settings(home=tmp_path, _env_file=None), "town") == ""
    assert offered(Settings(home=tmp_path, vapid_key="abc", _env_file=None), "town") == ""
    assert "KAWAMORI_VAPID_KEY" in caplog.text
