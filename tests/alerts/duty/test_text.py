from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from alerts.channels.line import message_fault
from alerts.duty.text import KEEP, Links, line_message, lines, mail_message, subject

NOON = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50
LINKS = Links("https://desk.example/runs/iwaki", "https://desk.example/duty/acknowledge/t",
              "https://desk.example/duty/maps/t.png")  # fmt: skip
FIRST = {"key": "k", "step": 1, "off_shift": False}


@pytest.fixture
def make_alert():
    def make(**changes):
        values = {
            "alert_id": "00000000-0000-0000-0000-000000000001",
            "city_name": "いわき市",
            "title": "平: 助言 警戒レベル4 避難指示",
            "reasons": ["鎌田が氾濫危険水位に達する確率 83%"],
            "districts": ["平"],
            "notes": ["浸水想定は模式"],
            "deadline": NOON + timedelta(minutes=40),
            "deadline_of": "発令期限",
            "level": 4,
            "drill": False,
            "at": NOON,
            "picture": PNG,
        }
        return {**values, **changes}

    return make


def test_it_says_district_reason_deadline_link_and_that_it_stays_inside(make_alert):
    said = "\n".join(lines(make_alert(), FIRST, LINKS))
    for part in ("【職員用】平: 助言 警戒レベル4 避難指示", "地区: 平", "83%", "12時40分",
                 LINKS.run, LINKS.acknowledge, KEEP, "※浸水想定は模式"):  # fmt: skip
        assert part in said


def test_a_drill_begins_with_kunren(make_alert):
    drill = make_alert(drill=True)
    assert subject(drill).startswith("【訓練】【職員用】")
    assert lines(drill, FIRST, LINKS)[0].startswith("【訓練】")


def test_an_unknown_deadline_says_so_and_a_missing_link_says_how_to_answer(make_alert):
    said = "\n".join(lines(make_alert(deadline=None, districts=[]), FIRST, Links()))
    assert "発令期限: なし、または不明" in said
    assert "「確認」と返信" in said
    assert "全域" in said


def test_a_repeat_says_since_when_nobody_answered_and_that_nobody_is_on_shift(make_alert):
    again = {"key": "k", "step": 2, "off_shift": True}
    said = "\n".join(lines(make_alert(), again, LINKS))
    assert "2回目の連絡" in said
    assert "12時00分" in said
    assert "当番の人が名簿にいない" in said


def test_what_line_gets_is_valid_by_the_official_file(make_alert, line_contract):
    messages = json.loads(line_message(make_alert(), FIRST, LINKS).body)
    body = {"to": ["U" + "a" * 32], "messages": messages}
    assert line_contract.fault("MulticastRequest", body) == ""


def test_line_gets_the_map_and_a_text_with_a_button_that_it_would_accept(make_alert):
    message = line_message(make_alert(), FIRST, LINKS)
    image, text = json.loads(message.body)
    assert message_fault(message.body) == ""
    assert image["originalContentUrl"] == LINKS.picture
    (item,) = text["quickReply"]["items"]
    assert item["action"]["data"] == "ack=00000000-0000-0000-0000-000000000001"


def test_without_a_public_address_line_gets_the_text_alone(make_alert):
    (text,) = json.loads(line_message(make_alert(), FIRST, Links()).body)
    assert text["type"] == "text"


def test_a_very_long_reason_still_fits_into_line(make_alert):
    many = make_alert(reasons=["長" * 4000] * 30)
    (text,) = json.loads(line_message(many, FIRST, Links()).body)
    assert len(text["text"]) <= 5000


def test_the_mail_has_text_html_and_the_map_inside(make_alert):
    mail = message_from_bytes(mail_message(make_alert(), FIRST, LINKS).body, policy=default)
    assert mail["Subject"] == "【職員用】平: 助言 警戒レベル4 避難指示"
    assert mail["Importance"] == "high"
    plain = mail.get_body(("plain",)).get_content()
    assert LINKS.acknowledge in plain
    html = mail.get_body(("html",)).get_content()
    assert f'href="{LINKS.acknowledge}"' in html
    assert "cid:map@kawamori" in html
    (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert image.get_content() == PNG
    assert image["Content-ID"] == "<map@kawamori>"


def test_no_line_of_a_mail_begins_with_a_dot(make_alert):
    body = mail_message(make_alert(reasons=[".", ".."]), FIRST, LINKS).body
    assert [line for line in body.splitlines() if line.startswith(b".")] == []


def test_names_from_data_cannot_break_out_of_the_html_or_the_subject(make_alert):
    hostile = make_alert(title="<script>x</script>\r\nBcc: a@b.example", picture=None)
    mail = message_from_bytes(mail_message(hostile, FIRST, LINKS).body, policy=default)
    assert mail["Bcc"] is None
    assert "<script>" not in mail.get_body(("html",)).get_content()
