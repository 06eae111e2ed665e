"""The HTML of a mail: what the text says and nothing else, safe, without images."""

from __future__ import annotations

import html
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from advisory.types import Level
from alerts.glossary import languages
from alerts.mail_page import COLOURS, level_of, mail_page

sys.path.insert(0, str(Path(__file__).parents[1]))
from goldens import CASES, MAP, message

sys.path.pop(0)

every_language = pytest.mark.parametrize("language", languages())


class Checked(HTMLParser):
    """Raises on a tag that is not closed; gathers text and attributes."""

    VOID = ("meta", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: dict[str, list[dict[str, str | None]]] = {}

    def handle_starttag(self, tag, attrs):
        self.found.setdefault(tag, []).append(dict(attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(case, language):
    return mail_page(message(case, "mail", language).body.decode(), language)


def parsed(text):
    found = Checked()
    found.feed(text)
    assert found.open == []
    return found


@every_language
def test_it_says_every_word_of_the_text_and_no_other(language):
    for case in CASES:
        text = message(case, "mail", language).body.decode().replace(MAP, "")
        body = page(case, language).split("<body", 1)[1].split(">", 1)[1]
        body = body.replace(f">{int(case.level)}</div>", "></div>")  # the number in its box
        said = html.unescape(re.sub(r"<[^>]*>", "", body))
        bare = [re.sub(r"[\s【】\[\]::：]", "", one) for one in (said, text)]
        assert bare[0] == bare[1]


@every_language
def test_the_level_stands_as_number_word_and_colour_and_an_ended_order_has_none(language):
    for case in CASES:
        headline = message(case, "mail", language).body.decode().split("\n")[0]
        level = None if case.occasion.ends else case.level
        assert level_of(headline, language) == level
        colours = [COLOURS[each][0] in page(case, language) for each in COLOURS]
        assert colours == [each == level for each in COLOURS]
        assert (f">{int(case.level)}</div>" in page(case, language)) == (level is not None)


@every_language
def test_it_is_whole_html_of_its_language_without_images_or_scripts(language):
    found = parsed(page(CASES[0], language))
    assert found.found["html"] == [{"lang": language}]
    assert not {"img", "script", "link", "style", "iframe"} & found.found.keys()
    assert len(page(CASES[0], language).encode()) < 8_000


def test_the_map_is_the_only_link():
    assert [one["href"] for one in parsed(page(CASES[0], "ja")).found["a"]] == [MAP]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://plain.example", "data:text/html,x"])
def test_an_address_that_is_not_https_is_no_link(url):
    assert "a" not in parsed(mail_page(f"警戒レベル4、避難指示\n地図: {url}\n", "ja")).found


def test_markup_in_a_name_is_only_text():
    text = (
        '警戒レベル4、避難指示\n【対象】<b onclick="x">平</b>&地区\n地図: https://a.example/"><i>\n'
    )
    found = parsed(mail_page(text, "ja"))
    assert not {"b", "i"} & found.found.keys()


def contrast(one, other):
    """Give the contrast ratio of WCAG 2."""

    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        parts = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return sum(
            share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("level", COLOURS)
def test_number_and_word_are_readable_on_their_level(level):
    ground, ink, _ = COLOURS[level]
    assert contrast(ground, ink) >= 4.5  # WCAG AA


def test_level_3_is_black_on_red_because_white_would_be_too_pale():
    assert contrast("#FF2800", "#FFFFFF") < 4.5
    assert COLOURS[Level.ELDERLY][1] == "#000000"
