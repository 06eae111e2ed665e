"""From one event of the chat to its answer: a table of what each button and word does."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from alerts.bot.answers import ask_place, danger_at, order_for, shelters_at, shelters_of
from alerts.bot.enrolling import enrolling
from alerts.bot.replies import Reply, menu, press, reply
from alerts.bot.types import Event, Scene, World
from alerts.bot.words import commands, phrases
from alerts.duty.text import POSTBACK
from alerts.glossary import languages
from alerts.wording import PLACE_ENDINGS, clean

KNOWN_WORDS = ("確認", "確認しました", "了解")  # how staff acknowledge in words
MATCHES_MAX = 12
CONFIRMED = "確認を記録しました({count}件)。"
NOTHING_OPEN = "未確認の通報はありません。"


@dataclass(frozen=True)
class Asked:
    """What is asked, by whom, in which language and with what a button carries."""

    user_id: str
    language: str
    data: Mapping[str, str]
    now: datetime


def answer(event: Event, world: World, now: datetime) -> list[Reply]:
    """Give the messages that answer an event; none = it needs no answer."""
    if event.kind == "unfollow":
        world.stop(event.user_id)
        return []
    known = _acknowledged(event, world)
    if known is not None:
        return known
    asked, do = _asked(event, world, now)
    scene = world.scene()
    if scene is None:
        return reply([phrases(asked.language)["no_run"]], [])
    if event.kind == "location":
        return _place(scene, world, asked, event.lon, event.lat)
    if event.kind == "text" and do not in DOES:
        return _words(scene, world, asked, event.text)
    return DOES.get(do, _usage)(scene, world, asked)


def _asked(event: Event, world: World, now: datetime) -> tuple[Asked, str]:
    """Give what is asked in which language: that of the button or word, else the one set up."""
    data = dict(parse_qsl(event.text)) if event.kind == "postback" else {}
    do, language = data.get("do", ""), data.get("lang", "")
    if event.kind == "text":
        do, language = commands().get(_plain(event.text), ("", ""))
    if event.kind == "follow":
        do = "follow"
    if language not in languages():
        profile = world.profile(event.user_id)
        language = "ja" if profile is None else profile.language
    return Asked(event.user_id, language, data, now), do


def _acknowledged(event: Event, world: World) -> list[Reply] | None:
    """Record that staff know of their alerts; None = the event is about something else."""
    pressed = event.kind == "postback" and event.text.startswith(POSTBACK)
    if not pressed and not (event.kind == "text" and event.text.strip() in KNOWN_WORDS):
        return None
    count = world.acknowledge(event.user_id, event.text.removeprefix(POSTBACK) if pressed else None)
    if count is None:
        return None
    return reply([CONFIRMED.format(count=count) if count else NOTHING_OPEN], [])


def _place(
    scene: Scene, world: World, asked: Asked, lon: float | None, lat: float | None
) -> list[Reply]:
    if lon is None or lat is None:
        return reply([phrases(asked.language)["bad_place"]], menu(asked.language))
    return shelters_at(scene, world, asked.language, lon=lon, lat=lat, now=asked.now)


def _words(scene: Scene, world: World, asked: Asked, text: str) -> list[Reply]:
    """Answer a text that may name a district."""
    found = districts_named(scene, text)
    if len(found) == 1:
        return shelters_of(scene, world, asked.language, found[0], now=asked.now)
    if found:
        buttons = [
            press(clean(scene.districts[key]), do="find", lang=asked.language, district=key)
            for key in found[:MATCHES_MAX]
        ]
        return reply([phrases(asked.language)["which_district"]], buttons)
    return _usage(scene, world, asked)


def districts_named(scene: Scene, text: str) -> list[str]:
    """Give the districts that a text names: exactly, or else all whose name it contains."""
    wanted = _bare(text)
    if not wanted:
        return []
    names = {key: _bare(name) for key, name in scene.districts.items()}
    exact = [key for key, name in names.items() if name == wanted]
    within = [key for key, name in names.items() if name and name in wanted]
    longest = max((len(names[key]) for key in within), default=0)
    return exact or [key for key in within if len(names[key]) == longest]


def _find(scene: Scene, world: World, asked: Asked) -> list[Reply]:
    district_id = asked.data.get("district")
    if district_id is None:
        return ask_place(scene, asked.language, do="find")
    return shelters_of(scene, world, asked.language, district_id, now=asked.now)


def _advice(scene: Scene, world: World, asked: Asked) -> list[Reply]:
    profile = world.profile(asked.user_id)
    own = None if profile is None else profile.district_id
    district_id = asked.data.get("district", own)
    if district_id is None:
        return ask_place(scene, asked.language, do="advice")
    return order_for(scene, world, asked.language, district_id, now=asked.now)


def _hazard(scene: Scene, world: World, asked: Asked) -> list[Reply]:
    if "lon" not in asked.data and "lat" not in asked.data:
        return ask_place(scene, asked.language, do="find")
    lon, lat = (_degrees(asked.data.get(name, "")) for name in ("lon", "lat"))
    if lon is None or lat is None:
        return reply([phrases(asked.language)["bad_place"]], menu(asked.language))
    return danger_at(scene, world, asked.language, lon=lon, lat=lat)


def _settings(scene: Scene, world: World, asked: Asked) -> list[Reply]:
    return enrolling(scene, world, asked.user_id, asked.data, asked.language)


def _stop(_scene: Scene, world: World, asked: Asked) -> list[Reply]:
    stopped = world.stop(asked.user_id)
    said = phrases(asked.language)
    return reply([said["stopped" if stopped else "not_registered"]], menu(asked.language))


def _usage(_scene: Scene, _world: World, asked: Asked) -> list[Reply]:
    said = phrases(asked.language)
    stop = press(said["stop"], do="stop", lang=asked.language)
    return reply([said["usage"]], [*menu(asked.language), stop])


def _follow(scene: Scene, _world: World, asked: Asked) -> list[Reply]:
    welcome = phrases(asked.language)["welcome"].format(city=clean(scene.city_name))
    return reply([welcome], menu(asked.language))


DOES: dict[str, Callable[[Scene, World, Asked], list[Reply]]] = {
    "find": _find,
    "advice": _advice,
    "hazard": _hazard,
    "settings": _settings,
    "stop": _stop,
    "help": _usage,
    "follow": _follow,
}


def _plain(text: str) -> str:
    return clean(text).casefold()


def _bare(text: str) -> str:
    """Give a name as it is compared: one width, no spaces, no ending such as 地区."""
    name = "".join(unicodedata.normalize("NFKC", clean(text)).casefold().split())
    for ending in PLACE_ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def _degrees(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
