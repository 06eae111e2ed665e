"""Pages in English: no Japanese but names, official terms, and what is marked as Japanese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from alerts.glossary import terms
from kawamori.map_layers import LAYERS, times

JAPANESE = re.compile(r"[぀-ヿ㐀-鿿豈-﫿々〆]+")
OFFICIAL = {entry["ja"]["text"] for entry in terms().values()} | {"気象業務法", "訓練"}
VOID = {"meta", "link", "input", "br", "hr", "img"}
PAGES = ("/", "/map", "/approvals", "/shelters", "/drill", "/drill/progress", "/models", "/runs",
         "/audit", "/accounts", "/account/password", "/nowhere")  # fmt: skip


class Words(HTMLParser):
    """What a page says, without the elements that say that they are Japanese."""

    def __init__(self) -> None:
        super().__init__()
        self.tongues = ["en"]
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        tongue = given.get("lang") or self.tongues[-1]
        if tag not in VOID:
            self.tongues.append(tongue)
        if tongue == "en":
            self.said += [given[name] or "" for name in ("aria-label", "title", "placeholder",
                          "data-label", "data-word", "data-heard") if name in given]  # fmt: skip

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.tongues.pop()

    def handle_data(self, data: str) -> None:
        if self.tongues[-1] == "en":
            self.said.append(data)


def foreign(text: str, names: set[str]) -> list[str]:
    """Give the Japanese that is left when names and official terms are taken out."""
    for name in sorted(names | OFFICIAL, key=len, reverse=True):
        text = text.replace(name, "")
    return JAPANESE.findall(text)


@pytest.fixture
def names(live_run) -> set[str]:
    """Give every name of the run, and of the test's own accounts."""
    city = live_run.city
    shelters = city.shelters
    found = {city.name, "試験", *city.districts["name"], *shelters["name"], *shelters["address"]}
    return found | {word for gauge in city.gauges for word in (gauge.name, gauge.river)}


@pytest.fixture
def english(console):
    """Give an admin's browser that reads English."""
    browser = console.browser("admin")
    browser.cookies.set("kawamori-language", "en")
    return browser


@pytest.mark.parametrize("path", PAGES)
def test_page_in_english_has_no_japanese_of_ours(english, names: set[str], path: str) -> None:
    answer = english.get(path, follow_redirects=True)
    words = Words()
    # What the map knows of its run stands in a script as JSON: its notes and credits are data.
    script, facts = re.search(r'id="facts">(.*?)</script>', answer.text, re.S), ""
    if script:
        told = json.loads(script[1])
        facts = json.dumps({**told, "notes": [], "credits": []}, ensure_ascii=False)
    words.feed(re.sub(r"<(script|style)\b.*?</\1>", "", answer.text, flags=re.S))
    assert words.tongues == ["en"]
    assert foreign(" ".join([*words.said, facts]), names) == []


def spoken(made: dict) -> Iterator[str]:
    for feature in made["features"]:
        told = feature["properties"]
        yield from (told["name"], *told["lines"], told.get("room_words", ""))


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_in_english_says_the_same_of_each_place(
    english, live_run, names: set[str], layer: str
) -> None:
    for at in times(live_run)[::6]:  # now, and the last lead of six hours
        asked = {"at": at.isoformat(), "language": "en"}
        path = f"/api/v1/runs/town/layers/{layer}.geojson"
        made = english.get(path, params=asked).json()
        first = english.get(path, params={**asked, "language": "ja"}).json()
        assert [one["geometry"] for one in made["features"]] == [
            one["geometry"] for one in first["features"]
        ]
        assert foreign(" ".join(spoken(made)), names) == []
        assert all(one["properties"]["lines"] for one in made["features"])


def test_shelters_tell_their_room_in_english(english) -> None:
    made = english.get("/api/v1/runs/town/layers/shelters.geojson?language=en").json()
    told = made["features"][0]["properties"]["lines"]
    # 高台小学校 holds 150 and 150 are sent there: the first to open, and full.
    assert told[:4] == ["full", "open, inside: 0", "number 1 to open", "assigned: 150"]
    refused = made["features"][1]["properties"]["lines"]
    assert "capacity unknown" in refused
