"""An Atom feed of CAP messages in force, with the tag that lets a reader skip an unchanged one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from lxml import etree

from alerts.cap.document import stamp

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
UNSIGNED = "署名のない文書を含みます / contains unsigned documents"


@dataclass(frozen=True)
class Entry:
    """One message of the feed."""

    identifier: str
    title: str
    sent: datetime
    expires: datetime
    link: str
    signed: bool = True


def feed(entries: Sequence[Entry], *, title: str, feed_id: str, now: datetime) -> tuple[bytes, str]:
    """Give the feed of the entries that have not expired, newest first, and its ETag.

    The bytes depend on the entries alone: an unchanged feed has an unchanged tag. Documents without
    a signature are named as such.
    """
    standing = sorted(
        (entry for entry in entries if entry.expires > now),
        key=lambda entry: (entry.sent, entry.identifier),
        reverse=True,
    )
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    updated = max((e.sent for e in entries), default=datetime(1970, 1, 1, tzinfo=UTC))
    for name, text in (("id", feed_id), ("title", title), ("updated", stamp(updated))):
        etree.SubElement(root, f"{{{ATOM}}}{name}").text = text
    if not all(entry.signed for entry in standing):
        etree.SubElement(root, f"{{{ATOM}}}subtitle").text = UNSIGNED
    for entry in standing:
        _entry(root, entry)
    data = bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    return data, f'"{sha256(data).hexdigest()[:32]}"'


def _entry(root: etree._Element, entry: Entry) -> None:
    element = etree.SubElement(root, f"{{{ATOM}}}entry")
    texts = (("id", entry.identifier), ("title", entry.title), ("updated", stamp(entry.sent)))
    for name, text in texts:
        etree.SubElement(element, f"{{{ATOM}}}{name}").text = text
    etree.SubElement(element, f"{{{ATOM}}}link", type=CAP_TYPE, href=entry.link)
    if not entry.signed:
        etree.SubElement(element, f"{{{ATOM}}}category", term="unsigned")
