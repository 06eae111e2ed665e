"""A LINE bubble as HTML: what is in it, and that no name from data becomes markup."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from alerts.flex import Bubble, read_text
from kawamori.bubble import bubble_html

HOSTILE = '</div><script>alert("1")</script>'


def bubble(**changes):
    facts = {
        "alt_text": "警戒レベル4 避難指示 平地区",
        "level": 4,
        "headline": "警戒レベル4、避難指示",
        "lines": ["【対象】平地区", "・平第一小学校"],
        "end": ["発表: いわき市"],
    }
    return Bubble(**{**facts, **changes}).body()


def test_every_line_of_the_message_is_on_the_page_in_order():
    page = bubble_html(bubble())
    shown = unescape(re.sub(r"<[^>]+>", "\n", page))
    places = [
        shown.index(line) for line in ("4", "警戒レベル4、避難指示", "平地区", "・平第一", "発表")
    ]
    assert places == sorted(places)
    assert read_text(bubble()).splitlines()[1] == "【対象】平地区"


def test_names_from_data_stay_text():
    page = bubble_html(
        bubble(
            headline=HOSTILE,
            lines=[f"【{HOSTILE}】", HOSTILE],
            alt_text=HOSTILE,
            map_url=f"https://city.example/{HOSTILE}",
            map_label=HOSTILE,
            picture_url="https://city.example/p.png",
        )
    )
    assert "<script" not in page


def test_a_button_and_a_picture_are_there_only_with_their_addresses():
    assert "<a " not in bubble_html(bubble())
    assert "<img" not in bubble_html(bubble())
    linked = bubble(map_url="https://city.example/m", map_label="地図")
    assert '<a href="https://city.example/m"' in bubble_html(linked)


@pytest.mark.parametrize(
    "url", ["http://city.example/m", "javascript:alert(1)", "https://" + "a" * 1000]
)
def test_an_address_that_line_does_not_follow_is_refused(url):
    with pytest.raises(ValueError, match="https://"):
        bubble(map_url=url, map_label="地図")


def test_an_order_that_ended_has_neither_colour_nor_number():
    contents = json.loads(bubble(level=None))[0]["contents"]
    assert contents["styles"]["header"]["backgroundColor"] == "#FFFFFF"
    assert len(contents["header"]["contents"]) == 1


@pytest.mark.parametrize(
    ("level", "ground", "ink"),
    [(3, "#FF2800", "#000000"), (4, "#AA00AA", "#FFFFFF"), (5, "#0C000C", "#FFFFFF")],
)
def test_each_level_has_its_official_colour_and_letters_one_can_read(level, ground, ink):
    contents = json.loads(bubble(level=level))[0]["contents"]
    assert contents["styles"]["header"]["backgroundColor"] == ground
    number, words = contents["header"]["contents"]
    assert (number["contents"][0]["text"], words["color"]) == (str(level), ink)
    # WCAG AA for large bold letters is 3, for others 4.5: all three reach 4.5
    assert contrast(ground, ink) >= 4.5


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours as WCAG 2 reckons it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("body", [b"{}", b"[1]", b'[{"type":"flex"}]', b"x", b'[{"type":"image"}]'])
def test_what_is_no_bubble_says_so(body):
    with pytest.raises(ValueError, match=r"LINE texts|Expecting|list"):
        bubble_html(body)
