"""Reports from the field: an officer enters one, the next cycle reads it, an officer ends it."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alerts.ledger_tables import ledger
from kawamori.field_log import reports_at

CITY = "drill-town"
LEAK = {
    "kind": "abnormal_leak", "text": "右岸 3.2km から漏水", "by": "消防団第2分団",
    "at": "2026-07-01T00:02", "district": "d1",
}  # fmt: skip


def reports(console: Any) -> Any:
    return reports_at(console.engine, CITY, at=console.clock())


def test_an_officer_enters_what_the_next_cycle_reads(console) -> None:
    officer = console.browser("officer")
    assert officer.post("/field", data=LEAK).status_code == 303
    (one,) = reports(console)
    assert (one.kind, one.by, one.district_ids) == ("abnormal_leak", "消防団第2分団", ("d1",))
    # 00:02 in Japan is 15:02 UTC of the day before.
    assert one.at == datetime.fromisoformat("2026-06-30T15:02:00+00:00")
    shown = officer.get("/field").text
    assert "右岸 3.2km から漏水" in shown
    assert "警戒レベル4の根拠" in shown
    with console.engine.connect() as connection:
        assert "field.report" in set(connection.execute(select(ledger.c.kind)).scalars())


def test_an_officer_ends_it_once(console) -> None:
    officer = console.browser("officer")
    officer.post("/field", data=LEAK)
    console.clock.move(minutes=3)
    assert officer.post("/field/1/end").status_code == 303
    assert reports(console)[0].ended == console.clock()
    assert officer.post("/field/1/end").status_code == 409
    assert officer.post("/field/9/end").status_code == 404
    assert "有効な報告はありません" in officer.get("/field").text


def test_a_report_that_no_rule_counts_any_more_is_shown_as_over(console) -> None:
    officer = console.browser("officer")
    officer.post("/field", data=LEAK)
    console.clock.at += timedelta(hours=11, minutes=56)  # 12 h after 00:02 is 12:02, now 12:01
    assert "有効な報告 1件" in console.browser("officer").get("/field").text
    console.clock.move(minutes=2)
    assert "有効な報告 0件" in console.browser("officer").get("/field").text


@pytest.mark.parametrize(
    "changes",
    [{"kind": "rumour"}, {"text": ""}, {"by": " "}, {"at": "yesterday"}, {"district": ""},
     {"district": "d9"}, {"at": "2026-07-02T00:00"}],
)  # fmt: skip
def test_a_report_that_cannot_be_is_refused_and_nothing_kept(console, changes) -> None:
    assert console.browser("officer").post("/field", data={**LEAK, **changes}).status_code == 422
    assert reports(console) == ()


def test_a_hostile_report_stays_text(console) -> None:
    officer = console.browser("officer")
    officer.post("/field", data={**LEAK, "text": "<img src=x onerror=alert(1)>"})
    assert "<img" not in officer.get("/field").text


def test_a_viewer_reads_without_a_form_and_in_english(console) -> None:
    console.browser("officer").post("/field", data=LEAK)
    viewer = console.browser("viewer")
    viewer.cookies.set("kawamori-language", "en")
    shown = viewer.get("/field").text
    assert "Abnormal seepage" in shown
    assert '<form method="post" action="/field' not in shown


def test_a_desk_without_runs_says_so(console) -> None:
    shutil.rmtree(console.settings.out / "town")
    console.clock.move(minutes=1)
    assert console.browser("viewer").get("/field").status_code == 200
