"""Evacuation orders for the clerk who types them into L-Alert: every field of the form, no claim.

Element names follow what is publicly known of 公共情報コモンズ (EvacuationOrder) [1]_, in a name
space of our own, because conformance (適合) is neither tested nor claimed: the file is to be read
and typed, not sent. Households and people are those of the whole district, as the form asks; our
own forecast has no place in it.

.. [1] 公共情報コモンズ XML, 避難勧告・指示情報; element names as used by open-source city systems
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from advisory.types import ORDERS, Level
from alerts.glossary import term
from alerts.types import Hazard
from alerts.wording import JST, clean

NAMESPACE = "urn:kawamori:lalert-shaped:1"
NO_CLAIM = "Lアラートへの入力用の控え。適合を主張しない(未認証) / for typing, not certified"
DRILL = "【訓練】"
COLUMNS = (
    "市町村コード", "市町村名", "災害名", "対象地区", "災害種別", "警戒レベル", "発令区分",
    "発令・解除区分", "発令・解除日時(日本時間)", "対象世帯数", "対象人数", "理由", "避難先",
    "備考",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t")  # a spreadsheet would run a cell that begins so


@dataclass(frozen=True)
class Order:
    """One district's order as the form asks for it; None = not known, the field stays empty."""

    area: str
    level: Level
    lifted: bool
    at: datetime
    hazard: Hazard
    households: int | None
    people: int | None
    reason: str
    shelters: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """All orders of one event of one city."""

    city_name: str
    city_code: str  # 5 digits
    disaster: str  # name of the event; "" = not named yet
    drill: bool
    orders: tuple[Order, ...]


def lalert_csv(sheet: Sheet) -> str:
    """Give one row a district, for a spreadsheet (write it as UTF-8 with BOM)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for order in sheet.orders:
        writer.writerow([_cell(value) for value in _row(sheet, order)])
    return text.getvalue()


def lalert_xml(sheet: Sheet) -> bytes:
    """Give the orders grouped by kind, highest level first, liftings after the orders."""
    root = etree.Element(_tag("EvacuationOrder"), nsmap={None: NAMESPACE})
    root.append(etree.Comment(f" {NO_CLAIM} "))
    disaster = etree.SubElement(root, _tag("Disaster"))
    _add(disaster, "DisasterName", _named(sheet))
    _add(root, "ComplementaryInfo", NO_CLAIM)
    city = etree.SubElement(root, _tag("Municipality"))
    _add(city, "Code", sheet.city_code)
    _add(city, "Name", sheet.city_name)
    _object(root, "TotalNumber", [one for one in sheet.orders if not one.lifted])
    kinds = sorted({(one.lifted, -one.level) for one in sheet.orders})
    for lifted, level in kinds:
        some = [one for one in sheet.orders if (one.lifted, -one.level) == (lifted, level)]
        _detail(root, some)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _detail(root: etree._Element, orders: Sequence[Order]) -> None:
    detail = etree.SubElement(root, _tag("Detail"))
    _add(detail, "Sort", ORDERS[orders[0].level])
    _add(detail, "AlertLevel", str(int(orders[0].level)))
    _add(detail, "IssueOrLift", _issued(orders[0]))
    _object(detail, "Object", orders)
    areas = etree.SubElement(detail, _tag("Areas"))
    for order in orders:
        area = etree.SubElement(areas, _tag("Area"))
        location = etree.SubElement(area, _tag("Location"))
        _add(location, "areaName", clean(order.area))
        _add(area, "DateTime", order.at.astimezone(JST).isoformat(timespec="seconds"))
        _object(area, "Object", [order])
        _add(area, "DisasterType", term(f"hazard_{order.hazard}", "ja"))
        _add(area, "Reason", clean(order.reason))
        for name in order.shelters:
            _add(area, "Shelter", clean(name))


def _object(parent: etree._Element, name: str, orders: Sequence[Order]) -> None:
    """Add households and people; a sum with an unknown part is unknown, so it is left out."""
    sums = {"Households": [one.households for one in orders],
            "HeadCount": [one.people for one in orders]}  # fmt: skip
    element = etree.SubElement(parent, _tag(name))
    for field, counts in sums.items():
        known = [count for count in counts if count is not None]
        if len(known) == len(counts) and counts:
            _add(element, field, str(sum(known)))


def _row(sheet: Sheet, order: Order) -> list[str]:
    return [
        sheet.city_code,
        sheet.city_name,
        _named(sheet),
        order.area,
        term(f"hazard_{order.hazard}", "ja"),
        str(int(order.level)),
        ORDERS[order.level],
        _issued(order),
        order.at.astimezone(JST).strftime("%Y-%m-%d %H:%M"),
        "" if order.households is None else str(order.households),
        "" if order.people is None else str(order.people),
        order.reason,
        "、".join(order.shelters),
        NO_CLAIM,
    ]


def _named(sheet: Sheet) -> str:
    return f"{DRILL if sheet.drill else ''}{clean(sheet.disaster)}"


def _issued(order: Order) -> str:
    return "解除" if order.lifted else "発令"


def _cell(value: str) -> str:
    text = clean(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, _tag(name)).text = text


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
