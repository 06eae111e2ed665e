"""The sheet for L-Alert: every field a clerk types, unknown ones empty, no claim."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from advisory.types import Level
from alerts.lalert import COLUMNS, NAMESPACE, Order, Sheet, lalert_csv, lalert_xml

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
TAIRA = Order(
    "平", Level.EVACUATE, False, NOW, "flood", 1200, 3000,
    "夏井川が氾濫するおそれ。", ("平第一小学校",),
)  # fmt: skip
ONAHAMA = replace(TAIRA, area="小名浜", level=Level.ELDERLY, households=800, people=None)
YUMOTO = replace(TAIRA, area="湯本", households=300, people=700)


def sheet(*orders, **changes):
    return replace(Sheet("いわき市", "07204", "令和8年台風第9号", False, orders), **changes)


def texts(root, path):
    found = "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))
    return [element.text for element in root.findall(found)]


def rows(made):
    return list(csv.DictReader(io.StringIO(lalert_csv(made))))


def test_orders_of_one_kind_stand_together_with_their_sums():
    root = etree.fromstring(lalert_xml(sheet(ONAHAMA, TAIRA, YUMOTO)))
    assert texts(root, "Detail/Sort") == ["避難指示", "高齢者等避難"]
    assert texts(root, "Detail/Areas/Area/Location/areaName") == ["平", "湯本", "小名浜"]
    assert texts(root, "Detail/Object/Households") == ["1500", "800"]  # 1200 + 300
    assert texts(root, "Detail/Areas/Area/DateTime")[0] == "2026-09-08T21:00:00+09:00"


def test_a_sum_with_an_unknown_part_is_left_out_never_too_small():
    root = etree.fromstring(lalert_xml(sheet(ONAHAMA, TAIRA)))
    assert texts(root, "TotalNumber/Households") == ["2000"]
    assert texts(root, "TotalNumber/HeadCount") == []
    assert texts(root, "Detail/Object/HeadCount") == ["3000"]


def test_a_lifting_comes_after_the_orders_and_counts_no_people_as_ordered():
    root = etree.fromstring(lalert_xml(sheet(replace(TAIRA, lifted=True), ONAHAMA)))
    assert texts(root, "Detail/IssueOrLift") == ["発令", "解除"]
    assert texts(root, "TotalNumber/Households") == ["800"]


def test_the_table_has_every_column_filled_or_empty():
    first, second = rows(sheet(TAIRA, ONAHAMA))
    assert tuple(first) == COLUMNS
    assert first["発令区分"] == "避難指示"
    assert first["発令・解除日時(日本時間)"] == "2026-09-08 21:00"
    assert (second["対象世帯数"], second["対象人数"]) == ("800", "")


def test_both_say_that_they_claim_no_conformance():
    made = sheet(TAIRA)
    assert "適合を主張しない" in lalert_xml(made).decode()
    assert "適合を主張しない" in rows(made)[0]["備考"]
    assert "publiccommons" not in lalert_xml(made).decode()  # nobody takes it for the real form


def test_a_drill_is_marked():
    made = sheet(TAIRA, drill=True)
    assert rows(made)[0]["災害名"] == "【訓練】令和8年台風第9号"
    assert texts(etree.fromstring(lalert_xml(made)), "Disaster/DisasterName")[0].startswith(
        "【訓練】"
    )


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@x"])
def test_a_name_that_a_spreadsheet_would_run_is_only_text(name):
    assert rows(sheet(replace(TAIRA, area=name)))[0]["対象地区"] == f"'{name}"


def test_markup_and_line_breaks_in_names_stay_text():
    made = sheet(replace(TAIRA, area="平<x>&\n湯本"))
    assert texts(etree.fromstring(lalert_xml(made)), "Detail/Areas/Area/Location/areaName") == [
        "平<x>& 湯本"
    ]


def test_no_orders_make_an_empty_sheet():
    assert rows(sheet()) == []
    assert texts(etree.fromstring(lalert_xml(sheet())), "TotalNumber/Households") == []
