"""The citizens' page: approved words only, in ten languages, old data and drills told apart."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from alerts.glossary import languages
from alerts.outbox import approve
from alerts.schema import approval
from alerts.types import Audience
from kawamori.console.citizen_view import accepted, citizen_words, room_word
from kawamori.ground import record_shelter


def order_d1(console, *, drill: bool = False, minutes: float = 0) -> str:
    """Approve the drafts of d1 (level 4) as two officers; give the approval id."""
    run = console.run
    advice = next(one for one in run.advice if one.district_id == "d1")
    drafts = [
        one for one in run.messages
        if one.district_id == "d1" and one.form == "plain" and one.household == ""
    ]  # fmt: skip
    at = console.clock() + timedelta(minutes=minutes)
    with console.engine.begin() as connection:
        return approve(
            connection, run_id=run.run_id, advice=advice, messages=drafts,
            audiences=[Audience("mail", "plain", ("one@mail.example",))],
            first="one", second="two", at=at, expires=at + timedelta(hours=1), drill=drill,
        )  # fmt: skip


def page(console, language: str = "ja", **headers: str) -> str:
    console.clock.move(seconds=6)  # the page looks for changes every five
    answer = console.browser().get(f"/public?lang={language}", headers=headers)
    assert answer.status_code == 200
    return answer.text


def test_advice_is_not_shown_until_officers_approved_it(console) -> None:
    before = page(console)
    assert "避難情報は、ここからは出ていません" in before  # d1 is advised level 4, nobody ordered
    assert "避難指示" not in before
    assert "2026年7月1日0時05分に確かめました" in before  # 15:05 UTC and 6 s
    order_d1(console)
    after = page(console)
    assert "警戒レベル4 避難指示" in after
    assert "上町" in after
    assert "避難情報は、ここからは出ていません" not in after


def test_no_figure_of_a_forecast_and_nothing_of_staff_is_on_the_page(console) -> None:
    order_d1(console)
    for language in languages():
        text = re.sub(r"<style.*?</style>", "", page(console, language), flags=re.S)
        for word in ("確率", "見込み", "予測時間", "csrf", "gbm", "sato", "150人", "%"):
            assert word not in text, (language, word)


@pytest.mark.parametrize("language", sorted(languages()))
def test_page_is_whole_in_every_language_and_small(console, language: str) -> None:
    order_d1(console)
    text = page(console, language)
    assert citizen_words(language)["shelters"] in text
    assert citizen_words(language).keys() >= citizen_words("ja").keys()
    assert len(text.encode()) < 100_000
    assert "<script" not in text
    assert "{" not in text  # no template left unfilled


def test_drill_never_shows(build_console, made_run) -> None:
    drill = dataclasses.replace(made_run, run_id="drill-town-drill")
    console = build_console(drill)
    text = page(console)
    assert "データがありません" in text
    assert "上町" not in text


def test_lifted_order_is_told_as_lifted(console) -> None:
    made = order_d1(console)
    with console.engine.begin() as connection:
        ends = update(approval).where(approval.c.approval_id == made).values(occasion="lifted")
        connection.execute(ends)
    text = page(console)
    assert "解除・取り消しのお知らせ" in text
    assert 'class="chip"' not in text
    assert console.browser().get("/public/api/v1/advice").json()["orders"] == []


def test_order_that_nobody_lifted_stays_after_its_time_and_says_so(console) -> None:
    order_d1(console)
    console.clock.move(hours=2)
    text = page(console)
    assert "警戒レベル4 避難指示" in text
    assert "避難指示は解除の発表まで続きます" in text
    console.clock.move(hours=24)
    assert "警戒レベル4 避難指示" not in page(console)


def test_old_data_say_so(console) -> None:
    assert "データが古くなっています" not in page(console)
    console.clock.move(minutes=60)
    assert "データが古くなっています (最後は2026年7月1日0時00分)" in page(console)


def test_shelters_show_room_as_words(console) -> None:
    known = {"s1", "s2"}
    said: dict[str, Any] = {"known": known, "by": "職員", "at": console.clock()}
    record_shelter(console.engine, "drill-town", "s1", occupied=140, status="open", **said)
    text = page(console)
    assert "残りわずか" in text  # 10 of 150 places are left, fewer than one in five
    assert "ペット可" in text
    assert "川辺公民館" not in text  # nobody said that it is open


def test_room_that_is_unknown_is_not_called_room() -> None:
    assert room_word(None, 150, "ja") == "空き不明"
    assert room_word(0, None, "ja") == "空き不明"
    assert room_word(0, 150, "en") == "full"
    assert room_word(30, 150, "en") == "room available"  # just a fifth


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "ja"), ("vi,en;q=0.5", "vi"), ("zh-TW", "zh-Hant"), ("zh-CN,zh", "zh-Hans"),
     ("fil-PH", "tl"), ("fr,pt-BR;q=0.8", "pt"), ("*", "ja"), (",;,", "ja"), ("xx", "ja")],
)  # fmt: skip
def test_browser_language_is_followed(header: str, language: str) -> None:
    assert accepted(header) == language


def test_page_can_be_cached_and_is_not_sent_twice(console) -> None:
    visitor = console.browser("viewer")  # a cookie changes nothing
    first = visitor.get("/public")
    assert "public" in first.headers["cache-control"]
    assert "stale-while-revalidate" in first.headers["cache-control"]
    assert "set-cookie" not in first.headers
    again = visitor.get("/public", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "試験" not in first.text
    kept = visitor.get("/public")  # from memory: the same answer, as well guarded
    names = first.headers.keys() - {"content-length"}
    assert {name: kept.headers.get(name) for name in names} == {
        name: first.headers[name] for name in names
    }
    assert kept.text == first.text


def test_map_is_made_anew_only_when_an_order_or_a_shelter_changes(console) -> None:
    visitor = console.browser()
    before = visitor.get("/public/map.geojson")
    order_d1(console)
    after = visitor.get("/public/map.geojson")
    told = [
        {one["properties"]["name"]: one["properties"]["level"] for one in each.json()["features"]
         if one["properties"]["kind"] == "district"}
        for each in (before, after)
    ]  # fmt: skip
    assert told == [{"上町": None, "下町": None}, {"上町": 4, "下町": None}]
    again = visitor.get("/public/map.geojson", headers={"if-none-match": after.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "public" in after.headers["cache-control"]
    plain = visitor.get("/public/map.geojson", headers={"accept-encoding": "identity"})
    assert plain.json() == after.json()


def test_hostile_names_are_text(build_console, hostile_run) -> None:
    run = dataclasses.replace(hostile_run, run_id="drill-town-hostile-live", drill=False)
    text = page(build_console(run))
    assert "<img src=x" not in text
    assert "<script" not in text
