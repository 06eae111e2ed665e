"""What an officer may change in a draft: words, never facts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.compose import compose
from alerts.edits import FIGURE, edit_faults, editable_text, read_words, rewritten
from alerts.types import Message


@pytest.fixture
def advice(make_advice):
    return make_advice()


@pytest.fixture
def mail(advice) -> Message:
    """Give the drafted mail of level 4 for 平."""
    made = compose(advice, form="mail", city_name="川守市", expires=advice.valid_until, drill=False)
    assert made is not None
    return made


def faults(mail: Message, advice, added: str, *, subject: str = "") -> list[str]:
    made = rewritten(mail, subject or mail.subject, mail.body.decode() + added)
    return edit_faults(mail, made, advice, drill=False)


def test_plain_words_may_be_added(mail, advice) -> None:
    assert faults(mail, advice, "\n近所に声をかけ、2人以上で移動してください。") == []


@pytest.mark.parametrize(
    "added",
    [
        "水位は6.47mになる",
        "水位は６．４７ｍになる",  # full width
        "確率83%",
        "あと八十センチで越える",
        "これから増える見込み",
        "will be expected",
        "川守市大洪水警報",
        "見えない\u200b文字",
        "\u202e逆さ",
    ],
)
def test_figures_forecasts_coined_warnings_and_hidden_signs_are_refused(
    mail, advice, added: str
) -> None:
    assert faults(mail, advice, added) != []


def test_level_or_district_cannot_be_dropped(mail, advice) -> None:
    emptied = rewritten(mail, mail.subject, "逃げてください")
    told = " ".join(edit_faults(mail, emptied, advice, drill=False))
    assert "level 4" in told
    assert advice.name in told


def test_drill_mark_cannot_be_added_to_a_live_text(mail, advice) -> None:
    assert faults(mail, advice, "【訓練】", subject="【訓練】" + mail.subject) != []


def test_rewritten_text_has_an_id_of_its_own(mail) -> None:
    made = rewritten(mail, mail.subject, mail.body.decode() + "\r\nあ")
    assert made.message_id != mail.message_id
    assert made.body.endswith("\nあ".encode())
    assert rewritten(mail, mail.subject, made.body.decode()) == made


def test_line_text_is_written_anew_and_a_card_is_not(mail, advice) -> None:
    text = json.dumps([{"type": "text", "text": "あ"}]).encode()
    line = Message("m", "taira", "ja", "line", "題", text)
    assert editable_text(line) == "あ"
    assert editable_text(rewritten(line, "題", "い")) == "い"
    card = Message("m", "taira", "ja", "line", "題", b'[{"type": "flex"}]')
    assert editable_text(card) is None
    with pytest.raises(ValueError, match="card"):
        rewritten(card, "題", "い")


def test_card_reads_line_by_line_with_its_button() -> None:
    card = [
        {"type": "flex", "altText": "題", "contents": {"type": "bubble", "body": {"contents": [
            {"type": "text", "text": "あ"},
            {"type": "text", "contents": [{"type": "span", "text": "い"}, {"text": "う"}]},
            {"type": "button", "action": {"type": "uri", "label": "地図", "uri": "https://x"}},
        ]}}}
    ]  # fmt: skip
    message = Message("m", "taira", "ja", "line", "題", json.dumps(card).encode())
    assert read_words(message) == "あ\nいう\n[地図] https://x"


@given(st.decimals(0, 99, places=2), st.sampled_from(["m", " m", "メートル", "cm", "%"]))
def test_every_figure_with_a_unit_is_seen(number, unit: str) -> None:
    assert FIGURE.search(f"水位{number}{unit}です")
