"""Web push: only the browser can read it, and it fits."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from py_vapid import Vapid02

from alerts.channels.posting import Poster
from alerts.channels.webpush import PAYLOAD_MAX, WebPushChannel, payload
from alerts.types import Batch, Message, PermanentError

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
TEXT = Message(
    str(uuid4()),
    "taira",
    "ja",
    "plain",
    "警戒レベル4 避難指示",
    "警戒レベル4、避難指示\n行動\n".encode(),
)  # fmt: skip


@pytest.fixture
def double(doubles):
    double = doubles.HttpDouble().start()
    yield double
    double.stop()


@pytest.fixture
def channel():
    vapid = Vapid02()
    vapid.generate_keys()
    channel = WebPushChannel(
        Poster(allow_private=True, timeout_s=60),
        vapid=vapid,
        contact="mailto:bousai@city.example",
        link="https://city.example/",
        clock=lambda: NOW,
    )
    yield channel
    channel.close()


def batch_for(*subscriptions):
    return Batch(str(uuid4()), TEXT.message_id, "webpush", subscriptions)


def test_the_browser_reads_the_approved_text_the_link_and_the_batchs_tag(doubles, double, channel):
    browser = doubles.Browser()
    batch = batch_for(browser.subscription(double.url("/push/a")))
    channel.send(batch, TEXT)
    _, _, body = double.posts[0]
    assert "避難指示".encode() not in body
    assert browser.read(body) == {
        "title": "警戒レベル4 避難指示", "body": "警戒レベル4、避難指示\n行動", "lang": "ja",
        "url": "https://city.example/", "tag": batch.key,
    }  # fmt: skip


def test_it_is_signed_for_the_push_service_urgent_and_replaceable(doubles, double, channel):
    batch = batch_for(doubles.Browser().subscription(double.url("/push/a")))
    channel.send(batch, TEXT)
    headers = double.posts[0][1]
    token = headers["Authorization"].removeprefix("vapid t=").split(",")[0].split(".")[1]
    claims = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    assert claims["aud"] == double.url("")
    assert claims["exp"] == int(NOW.timestamp()) + 12 * 3600
    assert headers["Urgency"] == "high"
    assert headers["TTL"] == "3600"
    assert headers["Topic"] == batch.key.replace("-", "")  # 32 characters, as RFC 8030 allows


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"endpoint": "https://a.example/"}',
        '{"endpoint": "x", "keys": {"p256dh": "AA", "auth": "AA"}}',
    ],
)
def test_what_is_no_subscription_is_refused_and_not_quoted(double, doubles, channel, bad):
    good = doubles.Browser().subscription(double.url("/push/a"))
    assert channel.send(batch_for(good, bad), TEXT).refused == (1,)
    with pytest.raises(PermanentError) as caught:
        channel.send(batch_for(bad), TEXT)
    assert "a.example" not in str(caught.value)


def test_a_long_text_loses_its_last_lines_never_its_first():
    lines = [f"{number:04d}" + "あ" * 50 for number in range(60)]
    long = replace(TEXT, body="\n".join(lines).encode())
    told = payload("k", long, link="")
    assert len(told) <= PAYLOAD_MAX
    kept = json.loads(told)["body"].split("\n")
    assert kept == lines[: len(kept)]
    assert len(kept) > 15  # 54 characters and their JSON are about 155 bytes a line


def test_a_contact_that_nobody_could_write_to_is_refused():
    with pytest.raises(ValueError, match="mailto:"):
        WebPushChannel(Poster(), vapid=None, contact="bousai", link="", clock=lambda: NOW)
