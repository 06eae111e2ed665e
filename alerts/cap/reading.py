"""CAP documents read back safely: no entities, no network, no huge trees."""

from __future__ import annotations

from lxml import etree

from alerts.cap.document import NAMESPACE

LIMIT_BYTES = 2_000_000


def read_document(data: bytes) -> etree._Element:
    """Give the alert element, or raise ValueError saying why it is not one."""
    if len(data) > LIMIT_BYTES:
        raise ValueError(f"a CAP document must have <= {LIMIT_BYTES} bytes, got {len(data)}.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"a CAP document must be XML: {error}.") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("a CAP document must have no document type, got one.")
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise ValueError(f"the root must be alert of {NAMESPACE}, got {root.tag}.")
    return root


def text_of(element: etree._Element, name: str) -> str:
    """Give the text of a child, "" where it is missing or empty."""
    return (element.findtext(f"{{{NAMESPACE}}}{name}") or "").strip()


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Give the children of a name, in order."""
    return list(element.findall(f"{{{NAMESPACE}}}{name}"))
