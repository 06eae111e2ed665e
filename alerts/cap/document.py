"""A notice as the bytes of a CAP 1.2 document, always the same bytes for the same notice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from lxml import etree

from alerts.cap.notice import Area, Notice, Reference, Told

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
JST = timezone(timedelta(hours=9))
GEOCODE = "JIS X 0402"
DRILL_NOTE = "訓練 / exercise only"


def document(notice: Notice) -> bytes:
    """Give the XML, UTF-8, in the element order of the schema; times are of Japan."""
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    _add(root, "identifier", notice.identifier)
    _add(root, "sender", notice.sender)
    _add(root, "sent", stamp(notice.sent))
    _add(root, "status", "Exercise" if notice.drill else "Actual")
    _add(root, "msgType", notice.kind)
    _add(root, "scope", "Public")
    if notice.drill:
        _add(root, "note", DRILL_NOTE)
    if notice.references:
        _add(root, "references", " ".join(map(reference, notice.references)))
    for told in notice.told:
        _info(root, notice, told)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def stamp(moment: datetime) -> str:
    """Give a time as CAP wants it: to the second, with a numeric offset, never Z."""
    return moment.astimezone(JST).isoformat(timespec="seconds")


def reference(earlier: Reference) -> str:
    """Give sender,identifier,sent."""
    return f"{earlier.sender},{earlier.identifier},{stamp(earlier.sent)}"


def _info(root: etree._Element, notice: Notice, told: Told) -> None:
    info = _add(root, "info")
    calls = notice.response
    _add(info, "language", told.language)
    _add(info, "category", "Met")
    _add(info, "category", "Safety")
    _add(info, "event", told.event)
    _add(info, "responseType", calls.response)
    _add(info, "urgency", calls.urgency)
    _add(info, "severity", calls.severity)
    _add(info, "certainty", calls.certainty)
    for name in ("effective", "onset"):
        _add(info, name, stamp(notice.sent))
    _add(info, "expires", stamp(notice.expires))
    _add(info, "senderName", notice.sender_name)
    _add(info, "headline", told.headline)
    _add(info, "description", told.description)
    _add(info, "instruction", told.instruction)
    parameter = _add(info, "parameter")
    _add(parameter, "valueName", "警戒レベル")
    _add(parameter, "value", str(int(notice.level)))
    for area in notice.areas:
        _area(info, area)


def _area(info: etree._Element, area: Area) -> None:
    element = _add(info, "area")
    _add(element, "areaDesc", area.description)
    for ring in area.rings:
        _add(element, "polygon", " ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in ring))
    geocode = _add(element, "geocode")
    _add(geocode, "valueName", GEOCODE)
    _add(geocode, "value", area.code)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element
