"""The shelters desk: who may report what, one report at a time, and who loses a place by it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from alerts.ledger_tables import ledger
from kawamori.console.shelters_moves import Foreseen
from kawamori.ground import read_ground
from kawamori.moves import Move, Moves

FORM = "/shelters/s1/report"


def sent(browser: Any, path: str = FORM, **fields: str) -> Any:
    return browser.post(path, data={"version": "0", **fields})


def state(console) -> Any:
    return read_ground(console.engine, "drill-town", at=console.clock()).shelters


def test_staff_counts_heads_of_their_own_shelter_only(console) -> None:
    staff = console.browser("shelter", shelters=["s1"])
    assert sent(staff, occupied="48", status="open").status_code == 303
    (now,) = state(console)
    assert (now.shelter_id, now.occupied, now.status, now.by) == ("s1", 48, "open", "shelter-one")
    assert sent(staff, "/shelters/s2/report", occupied="3").status_code == 403
    assert "102人" in staff.get("/shelters").text  # 150 places, 48 inside
    with console.engine.connect() as connection:
        kinds = list(connection.execute(select(ledger.c.kind)).scalars())
    assert kinds.count("shelter.report") == 1


def test_the_desk_tells_the_most_and_the_fewest_who_are_in_no_shelter_yet(console) -> None:
    officer = console.browser("officer")
    assert "0人〜" not in officer.get("/shelters").text  # nobody is counted inside
    sent(officer, status="open")
    assert "不明〜200人" in officer.get("/shelters").text  # opened, and nobody told how many came
    sent(officer, occupied="48", status="open", version="1")
    sent(officer, "/shelters/s2/report", occupied="9", status="open")  # it lies in the water
    # 150 placed and 50 not must leave; of them at most the 48 in s1 are there
    assert "152人〜200人" in officer.get("/shelters").text
    sent(officer, status="closed", version="2", confirmed="yes")
    assert "152人" not in officer.get("/shelters").text


def test_second_of_two_reports_from_the_same_form_is_refused(console) -> None:
    officer = console.browser("officer")
    assert sent(officer, occupied="10").status_code == 303
    assert sent(officer, occupied="20").status_code == 409  # still version 0
    assert state(console)[0].occupied == 10
    version = re.search(r'name="version" value="(\d+)"', officer.get("/shelters/s1").text)
    assert version is not None
    assert sent(officer, occupied="20", version=version[1]).status_code == 303
    assert state(console)[0].occupied == 20


def test_report_that_was_looked_at_before_another_came_is_refused_on_both_steps(console) -> None:
    officer = console.browser("officer")
    assert sent(officer, status="closed", step="preview").status_code == 200
    assert sent(console.browser("shelter", shelters=["s1"]), occupied="5").status_code == 303
    assert sent(officer, status="closed", step="preview").status_code == 409
    assert sent(officer, status="closed", confirmed="yes").status_code == 409
    assert state(console)[0].status is None


def test_preview_may_be_asked_for_any_report_and_keeps_what_was_typed(console) -> None:
    officer = console.browser("officer")
    shown = sent(officer, occupied="12", note="<b>", step="preview").text
    assert state(console) == ()
    assert 'name="occupied" value="12"' in shown
    assert 'name="note" value="&lt;b&gt;"' in shown
    assert "割り当ての計画がない" in shown or "データがない" in shown  # this run has no basis
    assert sent(officer, occupied="many", step="preview").status_code == 422


def test_upper_floors_and_roads_are_for_officers(console) -> None:
    staff = console.browser("shelter", shelters=["s1"])
    assert sent(staff, upstairs="yes").status_code == 403
    road = {"lon": "140.0", "lat": "37.0"}
    assert staff.post("/shelters/roads", data=road).status_code == 403
    assert sent(console.browser("officer"), upstairs="yes").status_code == 303
    assert state(console)[0].upstairs is True


@pytest.mark.parametrize(
    "fields",
    [{}, {"occupied": "-1"}, {"occupied": "many"}, {"occupied": "1.5"}, {"status": "on fire"},
     {"water_l": "nan"}, {"water_l": "-3"}],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(console, fields: dict[str, str]) -> None:
    assert sent(console.browser("officer"), **fields).status_code == 422
    assert state(console) == ()


def test_full_width_digits_are_a_number(console) -> None:
    assert sent(console.browser("officer"), occupied="１２").status_code == 303
    assert state(console)[0].occupied == 12


def test_closed_shelter_tells_whose_place_is_gone(console) -> None:
    officer = console.browser("officer")
    assert "報告による変更はありません" in officer.get("/shelters").text
    shown = sent(officer, status="closed")
    assert shown.status_code == 200  # nothing is kept before it is confirmed
    assert state(console) == ()
    assert 'name="confirmed" value="yes"' in shown.text
    assert "150人" in shown.text
    assert sent(officer, status="closed", confirmed="yes").status_code == 303
    text = officer.get("/shelters").text
    assert "150人の行き先がなくなります" in text  # all that the plan sends to s1


def test_road_without_a_built_city_is_refused_with_the_way_out(console) -> None:
    road = {"lon": "140.0", "lat": "37.0", "closed": "yes"}
    answer = console.browser("officer").post("/shelters/roads", data=road)
    assert answer.status_code == 422


def test_unknown_shelter_is_not_found_and_hostile_names_are_text(
    build_console, hostile_run
) -> None:
    console = build_console(hostile_run)
    officer = console.browser("officer")
    assert sent(officer, "/shelters/nothing/report", occupied="1").status_code == 404
    for path in ("/shelters", "/shelters/s1"):
        assert "<img src=x" not in officer.get(path).text


def test_who_moves_is_shown_before_it_is_kept_with_place_and_minutes(console) -> None:
    rows = (
        Move("d1", "上町", True, 40, "高台小学校", None, None, "閉鎖 (closed)"),
        Move("d1", "<b>上町", False, 110, "高台小学校", "東高校", 17.6, "閉鎖 (closed)"),
    )
    found = Foreseen(Moves(rows, nowhere_before=50, nowhere=90, optimal=True))
    told = SimpleNamespace(foresee=lambda *_given: found, now=lambda *_given: found)
    console.app.state.planner = told
    officer = console.browser("officer")
    shown = sent(officer, status="closed").text
    assert state(console) == ()
    assert "行き先が変わる人 150人。うち新しい行き先のない人 40人。" in shown
    assert "計画 50人 → 報告を入れると 90人" in shown
    assert "行き先なし" in shown
    assert ">18<" in shown  # 17.6 minutes
    assert "<b>上町" not in shown
    for language in ("ja", "en"):
        officer.cookies.set("kawamori-language", language)
        assert officer.get("/shelters/moves").status_code == 200
    part = officer.get("/shelters/moves", headers={"hx-request": "true"}).text
    assert "<html" not in part
