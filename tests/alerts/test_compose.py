from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from advisory.types import ORDERS, Level
from advisory.types import Warning as OfficialWarning
from alerts.compose import SUBJECT_MAX, compose
from alerts.flex import BUBBLE_MAX, read_text
from alerts.types import PUBLIC_FORMS, Observed

LEVELS = sorted(ORDERS)
WRITTEN = ("line", "mail", "plain")  # the full text; spoken and urgent have forms of their own
# Every figure of the fixture that rests on our own forecast: levels, probabilities, the deadline,
# the validity, head counts, clearance.
FORECAST_FIGURES = ("6.47", "5.93", "83", "0.19", "37分", "59分", "4321", "2718", "61", "137")


def text_of(message):
    return read_text(message.body) if message.form == "line" else message.body.decode()


@pytest.fixture
def facts(now):
    return (Observed("夏井川", "鎌田", now - timedelta(minutes=10), 5.32, True, "danger", 5.1),)


@pytest.fixture
def write(make_advice, now):
    def write(level=Level.EVACUATE, form="plain", advice=None, **changes):
        values = {
            "city_name": "いわき市",
            "river_names": ["夏井川"],
            "drill": False,
            "expires": now + timedelta(hours=2),
        }
        return compose(advice or make_advice(level), form=form, **{**values, **changes})

    return write


@pytest.mark.parametrize("form", PUBLIC_FORMS)
@pytest.mark.parametrize("level", LEVELS)
def test_no_figure_of_our_own_forecast_reaches_a_public_text(write, level, form, facts):
    message = write(level, form, observed=facts, notes=["水位は模擬です。"])
    said = message.subject + text_of(message)
    assert [figure for figure in FORECAST_FIGURES if figure in said] == []


@pytest.mark.parametrize("form", PUBLIC_FORMS)
@pytest.mark.parametrize("level", LEVELS)
def test_a_public_text_is_the_same_without_everything_that_rests_on_the_forecast(
    write, make_advice, level, form
):
    full = make_advice(level)
    bare = replace(
        full,
        reasons=(),
        counter_evidence=(),
        clearance=None,
        issue_by=None,
        people=type(full.people)(),
        action="",
        valid_until=full.issued_at,
    )
    one, other = write(level, form, advice=full), write(level, form, advice=bare)
    assert (one.subject, one.body) == (other.subject, other.body)


@pytest.mark.parametrize("level", LEVELS)
def test_the_order_is_level_who_why_what_when_where_issuer(write, level, facts):
    said = text_of(write(level, observed=facts))
    marks = ["警戒レベル", "【対象】平地区", "【理由】夏井川", "鎌田", "【行動】", "【いつ】"]
    marks += [] if level == Level.EMERGENCY else ["【避難先】", "平第一小学校"]
    marks += ["発表: いわき市 2026年9月8日21時00分(日本時間)"]
    places = [said.index(mark) for mark in marks]
    assert places == sorted(places)


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("level", LEVELS)
def test_every_text_begins_with_the_level_and_names_the_order(write, level, form):
    message = write(level, form)
    assert message.subject.startswith(f"警戒レベル{int(level)} {ORDERS[level]} 平地区")
    assert text_of(message).startswith(f"警戒レベル{int(level)}、{ORDERS[level]}\n")


@pytest.mark.parametrize("form", [*PUBLIC_FORMS, "staff"])
@pytest.mark.parametrize("level", LEVELS)
def test_in_a_drill_every_subject_and_body_begins_with_kunren(write, level, form):
    message = write(level, form, drill=True)
    assert message.subject.startswith("【訓練】")
    assert text_of(message).startswith("【訓練】")


def test_outside_a_drill_the_word_kunren_is_nowhere(write):
    message = write(Level.EVACUATE)
    assert "訓練" not in message.subject + text_of(message)


@pytest.mark.parametrize("form", PUBLIC_FORMS)
def test_level_5_says_secure_yourself_now_and_names_no_shelter(write, form):
    said = text_of(write(Level.EMERGENCY, form))
    assert "直ちに安全確保" in said
    assert [word for word in ("避難場所", "避難所", "避難先", "小学校") if word in said] == []


@pytest.mark.parametrize("form", PUBLIC_FORMS)
@pytest.mark.parametrize("level", [Level.UNKNOWN, Level.NONE, Level.EARLY, Level.CAUTION])
def test_below_level_3_and_unknown_there_is_nothing_for_citizens(write, level, form):
    assert write(level, form) is None


def test_the_nearest_shelter_comes_first_with_whole_minutes(write):
    said = text_of(write(Level.EVACUATE))
    # 12.4 min -> 12, 25.0 min -> 25; the fixture lists the farther one first
    assert "・平第一小学校(約12分)\n・平第二小学校(約25分)\n開設状況は" in said


def test_only_shelters_known_to_be_open_are_named_as_open(write):
    said = text_of(write(Level.EVACUATE, open_shelters={"s2"}))
    assert "・平第二小学校(開設中、約25分)" in said
    assert "平第一小学校" not in said
    assert "開設状況は" not in said


def test_without_an_open_shelter_the_text_says_where_to_look(write):
    assert "【避難先】開いている避難場所を市の案内で" in text_of(write(open_shelters=()))


def test_a_shelter_with_unknown_way_has_no_minutes(write, make_advice):
    advice = make_advice()
    far = replace(advice.shelters[0], minutes=float("nan"))
    said = text_of(write(advice=replace(advice, shelters=(far,))))
    assert "・平第二小学校\n" in said
    assert "nan" not in said


def test_a_measured_level_is_told_with_the_official_level_it_reached(write, facts):
    said = text_of(write(observed=facts))
    assert "・20時50分 鎌田(夏井川)の観測水位 5.32m、氾濫危険水位5.10mに到達" in said
    assert "夏井川が増水し、" in said


def test_without_a_rising_gauge_the_text_does_not_claim_a_rise(write):
    assert "増水" not in text_of(write())


def test_official_warnings_in_force_are_told_and_others_are_not(write, now):
    def warning(kind, issued_at, valid_until):
        return OfficialWarning("t", kind, Level.EVACUATE, (), (), issued_at, valid_until)

    hour = timedelta(hours=1)
    said = text_of(
        write(
            warnings=[
                warning("レベル4氾濫危険警報", now - hour, None),
                warning("レベル3大雨警報", now - 2 * hour, now - hour),  # over
                warning("レベル5氾濫特別警報", now + hour, None),  # not issued yet
            ]
        )
    )
    assert "・気象庁等が発表中: レベル4氾濫危険警報(20時00分)" in said
    assert "レベル3大雨警報" not in said
    assert "レベル5氾濫特別警報" not in said


@pytest.mark.parametrize("form", WRITTEN)
def test_what_is_simulated_is_said_in_the_message(write, form):
    assert "※水位は模擬です。" in text_of(write(form=form, notes=["水位は模擬です。"]))


def test_details_of_a_note_are_for_the_desk_only(write):
    notes = ["水位は模擬: 鎌田のピークが約6mになるよう定めた", "浸水想定は模式: 公式の図ではない"]
    assert "※水位は模擬／浸水想定は模式\n" in text_of(write(notes=notes))
    assert "約6m" in text_of(write(form="staff", notes=notes))


@pytest.mark.parametrize("note", ["模擬: 雨量と水位", "雨量と水位: 模擬の値", "水位は計算値"])
def test_a_note_that_would_lose_its_sense_stays_whole(write, note):
    assert f"※{note}\n" in text_of(write(notes=[note]))


def test_a_level_just_below_a_limit_is_not_rounded_up_to_it(write, facts):
    near = replace(facts[0], level_m=5.099, reached=None, reached_m=None)
    assert "観測水位 5.09m\n" in text_of(write(observed=[near]))


def test_a_late_reader_is_sent_to_newer_news_but_not_told_the_order_ended(write):
    said = text_of(write())
    assert "2026年9月8日23時00分を過ぎてお読みの方は" in said
    assert "避難指示は解除の発表まで続きます。" in said


def test_midnight_in_japan_carries_the_next_date(write, make_advice, now):
    # 15:00 UTC is 00:00 of the next day in Japan
    said = text_of(write(advice=replace(make_advice(), issued_at=now.replace(hour=15))))
    assert "2026年9月9日0時00分(日本時間)" in said


@pytest.mark.parametrize("count", [0, 1, 40])
def test_a_subject_fits_a_lock_screen_however_many_rivers(write, count):
    subject = write(river_names=[f"第{number}川" for number in range(count)]).subject
    assert len(subject) <= SUBJECT_MAX
    assert "平地区" in subject


def test_a_name_with_line_breaks_stays_on_its_line(write, make_advice):
    advice = replace(make_advice(), name="平\r\nBcc: someone@example.org")
    assert "\n" not in write(advice=advice).subject
    assert "\r" not in text_of(write(advice=advice))


def test_braces_in_a_name_are_only_text(write, make_advice):
    said = text_of(write(advice=replace(make_advice(), name="{city}町")))
    assert "【対象】{city}町" in said


def test_a_line_body_is_an_array_of_message_objects(write):
    body = json.loads(write(form="line").body)
    assert [sorted(item) for item in body] == [["altText", "contents", "type"]]
    assert body[0]["type"] == "flex"


def test_a_text_too_long_for_line_is_refused(write):
    with pytest.raises(ValueError, match=f"<= {BUBBLE_MAX} bytes"):
        write(form="line", notes=["あ" * (BUBBLE_MAX // 3)])


def test_an_unknown_form_lists_the_known_ones(write):
    with pytest.raises(
        ValueError, match=r"\['line', 'mail', 'plain', 'spoken', 'staff', 'urgent'\]"
    ):
        write(form="fax")


def test_an_unknown_language_lists_the_known_ones(write):
    with pytest.raises(ValueError, match=r"language must be one of .*'ja', 'ja-x-easy'"):
        write(language="xx")


def test_a_naive_expiry_is_refused(write):
    with pytest.raises(ValueError, match="aware"):
        write(expires=datetime(2026, 9, 8, 23, 0))  # noqa: DTZ001


def test_the_same_text_has_the_same_id_and_another_text_another(write):
    assert write().message_id == write().message_id
    assert write().message_id != write(notes=["模擬"]).message_id
    assert write().message_id != write(form="mail").message_id


def test_the_staff_text_carries_figures_reasons_and_deadline(write):
    message = write(form="staff")
    said = text_of(message)
    for word in ("職員限り", "6.47", "確率83%", "21時37分", "4321人", "137分", "0.19", "不明"):
        assert word in said


@pytest.mark.parametrize("level", [Level.UNKNOWN, Level.NONE])
def test_staff_are_told_of_every_level_and_unknown_is_not_calm(write, level):
    said = text_of(write(level, "staff"))
    assert ("判断不能" in said) == (level == Level.UNKNOWN)


def test_a_common_text_has_the_length_that_people_read(write, facts):
    said = text_of(write(observed=facts))
    assert 231 <= len(said) <= 450
