"""Bodies that no telegram has: bombs, entities, giants, wrong encodings."""

from __future__ import annotations

import pytest

from advisory.telegrams.document import DEPTH_MAX, TelegramError, read_document

BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
]><r>&c;</r>"""
FILE = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]><r>&f;</r>'


@pytest.mark.parametrize("body", [BOMB, FILE, b'<!DOCTYPE r SYSTEM "http://x.invalid/r"><r/>'])
def test_dtd_and_entities_are_refused(body: bytes) -> None:
    with pytest.raises(TelegramError, match="no DTD"):
        read_document(body)


def test_entity_without_declaration_is_refused() -> None:
    with pytest.raises(TelegramError, match="well-formed"):
        read_document(b"<r>&f;</r>")


def test_body_of_100_mb_is_refused_before_parsing() -> None:
    with pytest.raises(TelegramError, match="got 100000000"):
        read_document(bytes(100_000_000))  # not XML: only its size is looked at


def test_limit_is_inclusive() -> None:
    assert read_document(b"<r/>", limit_bytes=4).tag == "r"
    with pytest.raises(TelegramError, match="1 to 3 bytes"):
        read_document(b"<r/>", limit_bytes=3)


def test_deep_nesting_is_refused() -> None:
    assert read_document(b"<a>" * DEPTH_MAX + b"</a>" * DEPTH_MAX).tag == "a"
    with pytest.raises(TelegramError, match="deep"):
        read_document(b"<a>" * (DEPTH_MAX + 1) + b"</a>" * (DEPTH_MAX + 1))


@pytest.mark.parametrize(
    "body", [b"", b"text", b"<r>", b"<r></s>", b"<r/><r/>", b"<r>\xff</r>", b"\x00"]
)
def test_what_is_not_utf8_xml_is_refused(body: bytes) -> None:
    with pytest.raises(TelegramError) as caught:
        read_document(body)
    assert isinstance(caught.value, ValueError)


def test_namespaces_fall_away_and_attributes_stay() -> None:
    root = read_document('<a xmlns="urn:x" xmlns:y="urn:y"><y:b k="１">水</y:b></a>'.encode())
    assert [(one.tag, one.get("k"), one.text) for one in root] == [("b", "１", "水")]
