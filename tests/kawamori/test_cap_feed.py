"""The public CAP feed: what stands, unchanged answers, unsigned documents named as such."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from shapely.geometry import box

from advisory.types import Advice, Level, People
from alerts.cap.draft import cap_message
from alerts.cap.notice import area_of
from alerts.channels.cap import CapChannel, SigningKey
from alerts.types import Batch
from kawamori.cap_feed import cap_channel, cap_router
from kawamori.settings import Settings

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(tmp_path, clock):
    app = FastAPI()
    app.include_router(cap_router(tmp_path, public_url="https://city.example/", clock=clock))
    with TestClient(app) as client:
        yield client


@pytest.fixture
def publish(tmp_path):
    def publish(name="平", key=None):
        order = Advice(
            name, name, Level.EVACUATE, NOW, None, NOW + timedelta(hours=2), (), (), People(),
            None, (), "d" * 64,
        )  # fmt: skip
        draft = cap_message(
            order,
            area_of(name, "07204", box(140.85, 37.0, 140.95, 37.1)),
            city_name="いわき市",
            expires=order.valid_until,
            drill=False,
        )
        channel = CapChannel(tmp_path, sender="k@city.example", clock=lambda: NOW, key=key)
        batch = Batch(str(uuid4()), draft.message_id, "cap", ("feed",))
        channel.send(batch, draft)
        return batch.key

    return publish


def test_an_empty_feed_is_a_feed(client):
    answer = client.get("/cap/feed.xml")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml"
    assert "<entry>" not in answer.text


def test_a_document_stands_in_the_feed_with_its_public_link(client, publish):
    key = publish()
    text = client.get("/cap/feed.xml").text
    assert f"https://city.example/cap/{key}.xml" in text
    assert "警戒レベル4、避難指示" in text
    document = client.get(f"/cap/{key}.xml")
    assert document.headers["content-type"] == "application/cap+xml"
    assert key in document.text


def test_an_unchanged_feed_is_answered_with_304_until_it_changes(client, publish, clock):
    publish()
    tag = client.get("/cap/feed.xml").headers["etag"]
    clock.now = NOW + timedelta(minutes=1)
    again = client.get("/cap/feed.xml", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    publish("小名浜")
    assert client.get("/cap/feed.xml", headers={"If-None-Match": tag}).status_code == 200


def test_what_has_expired_leaves_the_feed(client, publish, clock):
    publish()
    clock.now = NOW + timedelta(hours=2)
    assert "<entry>" not in client.get("/cap/feed.xml").text


def test_unsigned_documents_are_named_as_such_and_signed_ones_are_not(client, publish, doubles):
    publish("小名浜", SigningKey(*doubles.make_key()))
    assert "unsigned" not in client.get("/cap/feed.xml").text
    publish()
    text = client.get("/cap/feed.xml").text
    assert "署名のない文書を含みます" in text
    assert text.count('term="unsigned"') == 1


@pytest.mark.parametrize("name", ["..%2Fsecret", "x", "../../etc/passwd"])
def test_only_documents_by_their_number_are_given(client, name):
    assert client.get(f"/cap/{name}.xml").status_code in (404, 422)
    assert client.get(f"/cap/{uuid4()}.xml").status_code == 404


def test_key_and_certificate_come_together(tmp_path):
    with pytest.raises(ValueError, match="together"):
        cap_channel(Settings(cap_sender="k@city.example", cap_key=tmp_path / "key.pem"))


def test_the_settings_show_no_secret():
    secrets = {
        "vapid_key": "vapid-secret",
        "webhook_secret": "hmac-secret",
        "smtp_password": "smtp-secret",
        "line_token": "line-secret",
        "unsubscribe_secret": "link-secret",
    }
    settings = Settings(**secrets)
    assert [word for word in secrets.values() if word in repr(settings) + str(settings)] == []
