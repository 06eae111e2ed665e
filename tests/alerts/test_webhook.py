"""Webhooks: what the receiver can check."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from alerts.channels.posting import Poster
from alerts.channels.webhook import WebhookChannel, signature
from alerts.types import Batch, Message, RetryableError

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
SECRET = b"shared with the partner"
TEXT = Message(str(uuid4()), "taira", "ja", "plain", "警戒レベル4 避難指示", "本文\n".encode())


@pytest.fixture
def double(doubles):
    double = doubles.HttpDouble().start()
    yield double
    double.stop()


@pytest.fixture
def channel():
    poster = Poster(allow_private=True, timeout_s=60)
    channel = WebhookChannel(poster, secret=SECRET, clock=lambda: NOW)
    yield channel
    channel.close()


def test_the_partner_gets_the_approved_text_and_its_digest(double, channel):
    batch = Batch(str(uuid4()), TEXT.message_id, "webhook", (double.url("/hook?room=1"),))
    channel.send(batch, TEXT)
    path, headers, body = double.posts[0]
    told = json.loads(body)
    assert path == "/hook?room=1"
    assert headers["Content-Type"] == "application/json"
    assert (told["subject"], told["text"], told["sha256"]) == (TEXT.subject, "本文\n", TEXT.sha256)


def test_the_signature_holds_for_time_and_body_and_no_other(double, channel):
    channel.send(Batch(str(uuid4()), "m", "webhook", (double.url("/hook"),)), TEXT)
    _, headers, body = double.posts[0]
    at, given = (part.split("=")[1] for part in headers["Kawamori-Signature"].split(","))
    # 2026-09-08 12:00 UTC in seconds since 1970
    assert at == "1788868800"
    assert given == hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert given != signature(SECRET, int(at) + 1, body)


def test_a_repeat_has_the_same_idempotency_key_and_body(double, channel):
    batch = Batch(str(uuid4()), "m", "webhook", (double.url("/hook"),))
    double.answers.append((503, {"Retry-After": "7"}))
    with pytest.raises(RetryableError) as caught:
        channel.send(batch, TEXT)
    assert caught.value.retry_after_s == 7.0
    channel.send(batch, TEXT)
    channel.send(batch, TEXT)
    keys = {headers["Idempotency-Key"] for _, headers, _ in double.posts}
    assert keys == {batch.key}
    assert len({body for _, _, body in double.posts}) == 1


def test_nothing_is_sent_unsigned():
    with pytest.raises(ValueError, match="secret"):
        WebhookChannel(Poster(), secret=b"", clock=lambda: NOW)
