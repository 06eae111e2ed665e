from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.bot.events import read_events, signed

SECRET = "channel-secret-of-the-test"
USER = "U" + "a" * 32


def body(*events):
    return json.dumps({"destination": "U" + "b" * 32, "events": list(events)}).encode()


def made(**changes):
    values = {
        "type": "message",
        "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR",
        "deliveryContext": {"isRedelivery": False},
        "mode": "active",
        "timestamp": 1_788_868_800_000,  # 2026-09-08 12:00 UTC
        "source": {"type": "user", "userId": USER},
        "replyToken": "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA",
        "message": {"type": "text", "id": "1", "quoteToken": "q", "text": "平"},
    }
    return {**values, **changes}


def test_the_signature_is_hmac_sha256_of_the_raw_bytes_in_base64():
    raw = body(made())
    right = base64.b64encode(hmac.new(SECRET.encode(), raw, hashlib.sha256).digest()).decode()
    assert signed(raw, right, SECRET)
    assert not signed(raw + b" ", right, SECRET)
    assert not signed(raw, right, "other")
    assert not signed(raw, "", SECRET)
    assert not signed(raw, "é\udcff", SECRET)


def test_without_a_secret_nothing_is_signed():
    raw = b"{}"
    forged = base64.b64encode(hmac.new(b"", raw, hashlib.sha256).digest()).decode()
    assert not signed(raw, forged, "")


def test_a_text_is_read():
    (event,) = read_events(body(made()))
    assert (event.kind, event.text, event.user_id) == ("text", "平", USER)
    assert event.at.isoformat() == "2026-09-08T12:00:00+00:00"


def test_a_position_a_postback_and_follows_are_read():
    place = {"type": "location", "id": "1", "longitude": 140.85, "latitude": 37}
    events = read_events(
        body(
            made(message=place),
            made(type="postback", postback={"data": "do=find"}),
            made(type="follow"),
            made(type="unfollow"),
        )
    )
    assert [event.kind for event in events] == ["location", "postback", "follow", "unfollow"]
    assert (events[0].lon, events[0].lat) == (140.85, 37.0)
    assert events[1].text == "do=find"


@pytest.mark.parametrize(
    "place",
    [
        {"longitude": 1e400, "latitude": 37},
        {"longitude": 181, "latitude": 37},
        {"longitude": 140, "latitude": -91},
        {"longitude": "140", "latitude": True},
        {"longitude": None},
        {},
    ],
)
def test_a_position_that_is_none_is_none(place):
    raw = json.dumps({"events": [made(message={"type": "location", **place})]}).encode()
    (event,) = read_events(raw)
    assert event.lon is None or event.lat is None


def test_unknown_kinds_are_passed_on_as_other():
    kinds = [made(message={"type": "sticker"}), made(type="brandNew"), made(message=7)]
    assert {event.kind for event in read_events(body(*kinds))} == {"other"}


def test_groups_standby_and_events_without_an_id_are_passed_over():
    rows = [
        made(source={"type": "group", "groupId": "C1", "userId": USER}),
        made(mode="standby"),
        made(webhookEventId=None),
        made(source=None),
        "text",
    ]
    assert read_events(body(*rows)) == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"events": {}}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_webhook_is_refused(raw):
    with pytest.raises(ValueError, match="a webhook body must"):
        read_events(raw)


def test_no_repr_shows_a_user_a_text_or_a_position():
    (event,) = read_events(body(made()))
    assert USER not in repr(event)
    assert "平" not in repr(event)


JSON = st.sampled_from(
    [None, True, 0, -1, 2**70, 1.5, "", "text", "x" * 5000, [], ["a"], {}, {"type": "text"},
     {"type": "location", "latitude": []}, {"type": "user", "userId": "U"}, {"data": {}}]
)  # fmt: skip
NAMES = st.sampled_from(
    ["type", "message", "source", "postback", "timestamp", "replyToken", "mode", "webhookEventId"]
)


@given(changes=st.dictionaries(NAMES, JSON, max_size=4))
def test_whatever_stands_in_an_event_it_is_read_or_passed_over(changes):
    raw = json.dumps({"events": [made(**changes)]}).encode()
    assert len(read_events(raw)) <= 1
