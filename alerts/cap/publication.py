"""Published CAP documents in a folder: one file each, written whole, read back for the feed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree

from alerts.cap.document import NAMESPACE, reference, stamp
from alerts.cap.notice import Reference
from alerts.cap.reading import children, read_document, text_of
from alerts.cap.rules import moment

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True)
class Published:
    """What the feed says of one document; `area` is the name and code of its district."""

    identifier: str
    kind: str
    sent: datetime
    expires: datetime
    headline: str
    area: tuple[str, str]
    drill: bool
    signed: bool
    itself: Reference
    replaces: tuple[str, ...]  # identifiers


def published(folder: Path) -> list[Published]:
    """Give the documents of a folder, newest first; files not named by a key are not ours.

    Raises
    ------
    ValueError
        Naming every document that cannot be read.
    """
    found, faults = [], []
    for path in sorted(path for path in folder.glob("*.xml") if KEY.fullmatch(path.stem)):
        try:
            found.append(_published(read_document(path.read_bytes())))
        except ValueError as error:
            faults.append(f"{path.name}: {error}")
    if faults:
        raise ValueError("; ".join(faults) + " Move these files elsewhere.")
    return sorted(found, key=lambda one: (one.sent, one.identifier), reverse=True)


def in_force(documents: Sequence[Published], now: datetime) -> list[Published]:
    """Give those that have not expired and that no other replaces."""
    replaced = {identifier for one in documents for identifier in one.replaces}
    return [one for one in documents if one.expires > now and one.identifier not in replaced]


def issued(
    draft: bytes, *, identifier: str, sender: str, sent: datetime, standing: Sequence[Published]
) -> bytes:
    """Give an approved draft with its number, sender and time, replacing what stands for its area.

    An alert becomes an update where something stands; a cancel stays one.
    """
    root = read_document(draft)
    area, drill = _area(root), text_of(root, "status") == "Exercise"
    earlier = [
        one.itself
        for one in standing
        if one.area == area and one.drill is drill and one.kind != "Cancel"
    ]
    for name, text in (("identifier", identifier), ("sender", sender), ("sent", stamp(sent))):
        _child(root, name).text = text
    if earlier:
        element = etree.Element(f"{{{NAMESPACE}}}references")
        element.text = " ".join(map(reference, earlier))
        _child(root, "info").addprevious(element)
        if text_of(root, "msgType") == "Alert":
            _child(root, "msgType").text = "Update"
    for info in children(root, "info"):
        for name in ("effective", "onset"):
            _child(info, name).text = stamp(sent)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that no reader, and no power cut, ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _published(root: etree._Element) -> Published:
    info = _child(root, "info")
    sent, expires = moment(text_of(root, "sent")), moment(text_of(info, "expires"))
    if sent is None or expires is None:
        raise ValueError("sent and expires must be times with a numeric offset.")
    identifier = text_of(root, "identifier")
    told = [one.split(",") for one in text_of(root, "references").split()]
    return Published(
        identifier=identifier,
        kind=text_of(root, "msgType"),
        sent=sent,
        expires=expires,
        headline=text_of(info, "headline"),
        area=_area(root),
        drill=text_of(root, "status") == "Exercise",
        signed=root.find(SIGNATURE) is not None,
        itself=Reference(text_of(root, "sender"), identifier, sent),
        replaces=tuple(one[1] for one in told if len(one) == 3),
    )


def _area(root: etree._Element) -> tuple[str, str]:
    area = _child(_child(root, "info"), "area")
    return text_of(area, "areaDesc"), text_of(_child(area, "geocode"), "value")


def _child(element: etree._Element, name: str) -> etree._Element:
    found = children(element, name)
    if not found:
        raise ValueError(f"{etree.QName(element).localname} must have {name}, got none.")
    return found[0]
