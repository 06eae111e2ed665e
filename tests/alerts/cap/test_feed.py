"""The feed of messages in force and its tag."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lxml import etree

from alerts.cap.feed import ATOM, Entry, feed

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
NAMES = {"title": "試験市", "feed_id": "urn:example:feed"}


def entry(name: str, *, minutes: int = 0, lasts_h: float = 2) -> Entry:
    sent = NOW - timedelta(minutes=minutes)
    return Entry(name, "避難指示", sent, sent + timedelta(hours=lasts_h), f"/cap/{name}.xml")


def ids(data: bytes) -> list[str]:
    return [e.findtext(f"{{{ATOM}}}id") for e in etree.fromstring(data).findall(f"{{{ATOM}}}entry")]


def test_the_newest_comes_first_and_the_expired_is_gone():
    data, _ = feed([entry("a", minutes=30), entry("b"), entry("c", lasts_h=0)], now=NOW, **NAMES)
    assert ids(data) == ["b", "a"]


def test_the_tag_changes_only_with_the_content():
    _, tag = feed([entry("a")], now=NOW, **NAMES)
    _, later = feed([entry("a")], now=NOW + timedelta(minutes=5), **NAMES)
    _, other = feed([entry("b")], now=NOW, **NAMES)
    assert tag == later != other
    assert tag.startswith('"')


def test_an_empty_feed_is_still_a_feed():
    data, _ = feed([], now=NOW, **NAMES)
    assert ids(data) == []
    assert "試験市".encode() in data
