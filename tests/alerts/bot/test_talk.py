from __future__ import annotations

import json
import re
import string
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from urllib.parse import parse_qsl

import pytest

from alerts.bot.talk import answer, districts_named
from alerts.bot.types import Danger, Depth, Order, Profile
from alerts.bot.words import commands, phrases
from alerts.glossary import languages

HERE = {"kind": "location", "lon": 140.85, "lat": 37.0}
# Everything that a phrase may name: nothing of a forecast, no head count but free places.
ALLOWED = {"issued", "minutes", "name", "distance", "room", "people", "city", "district", "river",
           "low", "high", "area", "household"}  # fmt: skip
LABELS = ("find", "advice", "hazard", "settings", "help", "stop", "send_place", "route",
          "general", "elderly", "car")  # fmt: skip


def told(messages):
    return "\n".join(message["text"] for message in messages)


def buttons(messages):
    items = messages[-1].get("quickReply", {"items": []})["items"]
    return [item["action"] for item in items]


@pytest.fixture
def say(world, event, now):
    def run(*args, **kwargs):
        return answer(event(*args, **kwargs), world, now)

    return run


def test_a_sent_position_gives_the_nearest_open_safe_shelters_with_room_way_and_age(say):
    """第一小学校 is 0.01 degrees = 1112 m away: 1112 x 1.3 / 33.3 = 43.4, so 44 min. The nearer
    ones are full, in the water, or not known to be open; the far one's room is unknown."""
    said = told(say(**HERE))
    assert "・第一小学校: 直線1112m、徒歩約44分、空き40人" in said
    assert said.index("第一小学校") < said.index("高台体育館")
    assert "空き不明" in said
    for name in ("満員公民館", "川辺公民館", "山の集会所"):
        assert name not in said
    assert "destination=37.01000,140.85000" in said
    assert "20時50分時点の情報です(10分前)" in said
    assert "水につかる道を避けません" in said


def test_with_none_known_open_it_says_that_it_is_not_confirmed(say, world):
    closed = [replace(one, status="unknown") for one in world.made.refuges]
    world.change(refuges=tuple(closed))
    said = told(say(**HERE))
    assert "開いているかは未確認" in said
    assert "山の集会所" in said


def test_with_no_usable_shelter_it_says_so_and_names_none(say, world):
    world.change(refuges=())
    assert "使える避難場所が見つかりません" in told(say(**HERE))


@pytest.mark.parametrize("text", ["平", " 平地区 ", "平の避難所", "㍾平"])
def test_the_name_of_a_district_is_enough(say, text):
    assert "第一小学校" in told(say("text", text))


def test_a_name_that_fits_two_districts_is_asked_back(say, world):
    world.change(districts={"a": "本町", "b": "本村"}, centres={})
    world.change(districts={"a": "東", "b": "西"})
    messages = say("text", "東と西")
    assert "どの地区" in told(messages)
    assert {dict(parse_qsl(b["data"]))["district"] for b in buttons(messages)} == {"a", "b"}


def test_of_names_that_contain_each_other_the_longest_counts(world):
    world.change(districts={"a": "小川", "b": "小川町江田"})
    assert districts_named(world.made, "小川町江田の避難所") == ["b"]


@pytest.mark.parametrize("place", [{"lon": -74.0, "lat": 40.7}, {"lon": 0.0, "lat": 90.0}])
def test_a_place_outside_the_city_gets_no_shelter_of_it(say, place):
    said = told(say("location", **place))
    assert "いわき市の外" in said
    assert "小学校" not in said


def test_a_position_that_cannot_be_read_is_asked_for_again(say):
    assert "読み取れませんでした" in told(say("location"))


def test_at_level_5_nobody_is_sent_to_a_shelter(say, world):
    world.orders["taira"] = Order(5, "【警戒レベル5】緊急安全確保。直ちに安全確保。")
    said = told(say(**HERE))
    assert "直ちに安全確保" in said
    assert "小学校" not in said
    assert "体育館" not in said


def test_the_current_order_is_told_in_its_approved_words(say, world):
    world.orders["taira"] = Order(4, "警戒レベル4、避難指示 承認された本文")
    said = told(say("postback", "do=advice&lang=ja&district=taira"))
    assert "承認された本文" in said


def test_without_an_order_it_does_not_say_that_it_is_safe(say):
    said = told(say("postback", "do=advice&lang=ja&district=taira"))
    assert "ここからは出ていません" in said
    assert "危ないと感じたら" in said
    assert "安全です" not in said


def test_my_district_is_used_once_it_is_set_up(say, world, event):
    assert "位置情報を送るか" in told(say("text", "今の避難情報"))
    world.profiles[event().user_id] = Profile("ogawa", "ja", "general")
    assert "小川" in told(say("text", "今の避難情報"))


def test_setting_up_takes_three_buttons_and_keeps_nothing_before_the_last(say, world, event):
    messages = say("postback", "do=settings")
    steps = []
    for wanted in ("English", "平", "By car"):
        assert world.profiles == {}
        (data,) = [b["data"] for b in buttons(messages) if b["label"] == wanted]
        steps.append(data)
        messages = say("postback", data)
    assert world.profiles == {event().user_id: Profile("taira", "en", "car")}
    assert told(messages).startswith("Saved")
    assert "Stop messages" in told(say("postback", steps[0]))  # consent is told before


def test_a_city_of_many_districts_is_paged_through(say, world):
    world.change(districts={f"d{n}": f"第{n}区" for n in range(30)})
    seen, data = [], "do=settings&own=ja"
    for _ in range(3):
        items = buttons(say("postback", data))
        assert len(items) <= 13
        seen += [b["label"] for b in items[:-1]]
        data = items[-1]["data"]
    assert len(set(seen)) == 30


def test_a_registry_that_refuses_is_told_without_its_reason(say, world):
    def refuse(_user, _profile):
        raise ValueError("U-secret")

    world.keep = refuse
    said = told(say("postback", "do=settings&own=ja&district=taira&household=car"))
    assert "設定できませんでした" in said
    assert "secret" not in said


def test_stop_and_unfollow_end_it(say, world, event):
    world.profiles[event().user_id] = Profile("taira", "ja", "general")
    assert "止めました" in told(say("text", "配信を止める"))
    assert "登録されていません" in told(say("text", "配信を止める"))
    world.profiles[event().user_id] = Profile("taira", "ja", "general")
    assert say("unfollow") == []
    assert world.profiles == {}


@pytest.mark.parametrize(
    ("danger", "parts"),
    [
        (Danger(True, (Depth("夏井川", 0.5, 3.0),)), ["夏井川: 深さ0.5〜3m"]),
        (Danger(True, (Depth("夏井川", 20.0, None),)), ["深さ20m以上"]),
        (Danger(True), ["想定区域の外", "区域の外でも"]),
        (Danger(False), ["公式の想定図がない"]),
        (Danger(True, (), True, True, True), ["家屋倒壊等", "土砂災害警戒区域", "模式"]),
    ],
)
def test_the_danger_of_a_place_is_told_from_official_maps(say, world, danger, parts):
    world.danger = danger
    said = told(say("postback", "do=hazard&lang=ja&lon=140.85&lat=37.0"))
    for part in parts:
        assert part in said


@pytest.mark.parametrize("data", ["lon=x&lat=37", "lon=nan&lat=37", "lon=140.85"])
def test_a_forged_position_is_asked_for_again(say, data):
    assert "読み取れませんでした" in told(say("postback", f"do=hazard&{data}"))


def test_with_nothing_stored_it_says_so(say, world):
    world.made = None
    assert told(say(**HERE)) == phrases("ja")["no_run"]


@pytest.mark.parametrize(
    "text", ["😀", "<script>alert(1)</script>", "'; DROP TABLE run; --", "", "\x00", "あ" * 1000]
)
def test_whatever_is_written_is_answered_with_help(say, text):
    assert phrases("ja")["usage"] in told(say("text", text))


@pytest.mark.parametrize("data", ["", "do=", "do=__class__", "do=find&district=x", "ack=", "%"])
def test_whatever_a_button_carries_is_answered(say, data):
    assert told(say("postback", data))


def test_staff_acknowledge_with_the_button_or_a_word_and_others_do_not(say, world, event):
    assert phrases("ja")["usage"] in told(say("text", "確認"))
    world.officers[event().user_id] = 2
    assert told(say("text", "確認")) == "確認を記録しました(2件)。"
    assert "記録しました" in told(say("postback", "ack=00000000-0000-0000-0000-000000000001"))


@pytest.mark.parametrize("language", languages())
def test_every_language_finds_its_own_commands_and_answers_in_it(say, language):
    command, answered_in = commands()[phrases(language)["find"].casefold()]
    assert command == "find"
    said = told(say("text", phrases(language)["find"]))
    assert said == phrases(answered_in)["ask_place"]


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_phrases_and_names_nothing_of_a_forecast(language):
    def fields(text):
        return {field for _, field, _, _ in string.Formatter().parse(text) if field}

    ours, japanese = phrases(language), phrases("ja")
    assert ours.keys() - {"confirmed"} == japanese.keys()
    for key, text in japanese.items():
        assert fields(ours[key]) == fields(text), key
        assert fields(ours[key]) <= ALLOWED
    assert all(len(ours[key]) <= 20 for key in LABELS)
    assert ("confirmed" in ours) == (not language.startswith("ja"))


def test_easy_japanese_has_short_sentences_without_hard_words():
    for key, text in phrases("ja-x-easy").items():
        bare = re.sub(r"\{\w+\}", "", text)
        assert [part for part in re.split("[。(]", bare) if len(part) > 30] == [], key
    said = "".join(phrases("ja-x-easy").values())
    assert [
        word for word in ("避難する", "避難して", "確認", "開設", "速やか") if word in said
    ] == []


@pytest.mark.parametrize("language", [name for name in languages() if not name.startswith("ja")])
def test_no_kana_is_left_in_a_foreign_language(language):
    assert re.findall(r"[ぁ-んァ-ヴ]+", "".join(phrases(language).values())) == []


ASKED = [
    ("location", {"lon": 140.85, "lat": 37.0}), ("location", {"lon": 0.0, "lat": 0.0}),
    ("text", {"text": "平"}), ("text", {"text": "?"}), ("follow", {}), ("other", {}),
    *[("postback", {"text": f"do={do}"}) for do in ("find", "advice", "hazard", "settings")],
    ("postback", {"text": "do=stop"}),
    ("postback", {"text": "do=settings&own={language}"}),
    ("postback", {"text": "do=settings&own={language}&district=taira"}),
    ("postback", {"text": "do=settings&own={language}&district=taira&household=car"}),
    ("postback", {"text": "do=hazard&lang={language}&lon=140.85&lat=37"}),
    ("postback", {"text": "do=advice&lang={language}&district=taira"}),
]  # fmt: skip


@pytest.mark.parametrize("language", languages())
def test_every_answer_is_one_that_line_takes(say, world, event, line_contract, language):
    world.orders["taira"] = Order(4, "本文")
    world.danger = Danger(True, (Depth("夏井川", 0.5, 3.0),), True, True, True)
    for kind, changes in ASKED:
        world.profiles[event().user_id] = Profile("ogawa", language, "general")
        filled = {key: value.format(language=language) if key == "text" else value
                  for key, value in changes.items()}  # fmt: skip
        messages = say(kind, **filled)
        fault = line_contract.fault(
            "ReplyMessageRequest", {"replyToken": "r", "messages": messages}
        )
        assert fault == "", (kind, changes)
        assert all(1 <= len(b.get("label", "x")) <= 20 for b in buttons(messages))


def test_the_rich_menu_is_one_that_line_takes_and_covers_its_picture(line_contract):
    text = files("alerts").joinpath("bot", "rich_menu.json").read_text("utf-8")
    menu = json.loads(text)
    assert line_contract.fault("RichMenuRequest", menu) == ""
    areas = [area["bounds"] for area in menu["areas"]]
    assert sum(a["width"] * a["height"] for a in areas) == 2500 * 1686
    assert len(menu["chatBarText"]) <= 14
    assert all(len(area["action"]["label"]) <= 20 for area in menu["areas"])


def test_an_age_is_never_negative(say, world, now):
    world.change(issued_at=now + timedelta(minutes=5))
    assert "(0分前)" in told(say(**HERE))
