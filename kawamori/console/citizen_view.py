"""What citizens may see, as values for their page: approved orders, open shelters, observed levels.

No forecast, no draft and no drill is read here (気象業務法第17条: own forecasts are for staff).
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import select

from advisory.types import ORDERS, Level
from alerts.bot.words import phrases
from alerts.glossary import languages, sentences, term
from alerts.schema import message
from alerts.wording import clean, district_name, jst
from kawamori.bot_world import FORMS, KNOWN_CAPACITY
from kawamori.console.api.decisions import Decision, last_told
from kawamori.console.api.public import district_names, newest_real, open_shelters
from kawamori.console.desk import Desk
from kawamori.console.situation_records import Record, Records
from kawamori.console.texts import FOLDER
from kawamori.push_page import offered
from kawamori.run import Run
from kawamori.run_map import MAP_DATA
from kawamori.situation import OLD_MIN, GaugeRow, gauge_rows

STANDS = timedelta(hours=24)  # an order that nobody lifted is shown so long after its text expired
UNKNOWN_RANK = 2.5  # a gauge that tells nothing stands before all that are calm
FEW = 0.2  # share of the places left below which room is called little
Words = Callable[[str], str]


@dataclass(frozen=True)
class Told:
    """What one district was last told: official words, and the approved text."""

    name: str
    level: int
    level_word: str
    order_word: str
    ends: bool
    until: str  # "" = in its time; else what to do after it
    subject: str
    text: str
    language: str  # of the text


@dataclass(frozen=True)
class OpenShelter:
    """An open shelter in words."""

    name: str
    address: str
    room: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What a gauge measured last; `late` = too old to tell the present."""

    name: str
    river: str
    level: str
    reached: str
    at: str
    late: bool


@dataclass(frozen=True)
class Push:
    """What a browser needs to subscribe: the city's key, and the districts by their id."""

    key: str
    districts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Citizens:
    """All that the page shows in one language."""

    city: str
    checked: str
    told: tuple[Told, ...]
    none: str  # "" = something is told
    late: str  # "" = our data are new
    shelters: tuple[OpenShelter, ...]
    readings: tuple[Reading, ...]
    warnings: tuple[str, ...]
    has_map: bool
    push: Push | None  # None = the city has no web push: nothing is said of it


@cache
def citizen_words(language: str) -> dict[str, str]:
    """Give the words of the page in one of the ten languages."""
    path = FOLDER / "citizen" / f"{language}.toml"
    made: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    return made


def citizens(desk: Desk, stored: Records, language: str) -> Citizens:
    """Give what the page shows now in a language of `alerts.glossary.languages`."""
    now, record, said = desk.now(), newest_real(stored), citizen_words(language)
    run = record.run if record else None
    orders = last_told(desk.engine, now, past=STANDS)
    texts, names = _texts(desk, orders), district_names(orders, stored)
    told = tuple(
        _told(one, names[one.approval_id], texts[one.approval_id], language, now) for one in orders
    )
    city = run.city.name if run else ""
    no_order = phrases(language)["no_order"].format(district=city).strip()
    in_force = any(not one.ends for one in told)
    none = "" if in_force or run is None else no_order  # without data nothing is known
    return Citizens(
        city=city,
        checked=said["checked"].format(at=jst(now, day=True, language=language)),
        told=told,
        none=none,
        late=_late(run, now, language),
        shelters=tuple(_shelters(desk, record, language)) if record else (),
        readings=tuple(_readings(run, now, language)) if run else (),
        warnings=tuple(_warnings(run, now, language)) if run else (),
        has_map=record is not None and (record.folder / MAP_DATA).is_file(),
        push=_push(desk, run, language) if run else None,
    )


def accepted(header: str) -> str:
    """Give the language that a browser prefers among ours, Japanese if none.

    Parameters
    ----------
    header
        Accept-Language; the first that we have counts, in the order they stand.
    """
    for part in header.split(","):
        tag = part.partition(";")[0].strip().lower()
        base = tag.partition("-")[0]
        if base == "zh":
            old = any(sign in tag for sign in ("hant", "-tw", "-hk", "-mo"))
            return "zh-Hant" if old else "zh-Hans"
        found = "tl" if base == "fil" else base
        if found in languages():
            return found
    return "ja"


def _texts(desk: Desk, orders: Sequence[Decision]) -> dict[str, list[Any]]:
    ids = [one.approval_id for one in orders]
    query = select(
        message.c.approval_id, message.c.language, message.c.form, message.c.household,
        message.c.subject, message.c.body,
    ).where(message.c.approval_id.in_(ids), message.c.form.in_(FORMS))  # fmt: skip
    found = defaultdict[str, list[Any]](list)
    with desk.engine.connect() as connection:
        for row in connection.execute(query):
            found[row.approval_id].append(row)
    return found


def _told(one: Decision, district: str, texts: Sequence[Any], language: str, now: datetime) -> Told:
    order = term(f"order_{one.level}", language)
    expires = jst(one.expires, day=True, language=language)
    late = sentences(language)["late"].format(expires=expires, order=order)

    def fit(row: Any) -> tuple[bool, bool, bool, int]:
        return (row.language != language, row.language != "ja", row.household != "",
                FORMS.index(row.form))  # fmt: skip

    chosen = min(texts, key=fit, default=None)
    return Told(
        name=district_name(district, language),
        level=one.level,
        level_word=term(f"level_{one.level}", language),
        order_word=order if language != "ja" else ORDERS[Level(one.level)],
        ends=one.ends,
        until="" if one.expires > now else str(late),
        subject="" if chosen is None else clean(chosen.subject),
        text="" if chosen is None else bytes(chosen.body).decode("utf-8").strip(),
        language=language if chosen is None else chosen.language,
    )


def _late(run: Run | None, now: datetime, language: str) -> str:
    """Say that our data are old, or that there are none; "" = they are new."""
    said = citizen_words(language)
    if run is None:
        return said["no_data"]
    if now - run.issued_at <= timedelta(minutes=OLD_MIN):
        return ""
    return said["old"].format(at=jst(run.issued_at, day=True, language=language))


def _shelters(desk: Desk, record: Record, language: str) -> Iterable[OpenShelter]:
    said, listed = citizen_words(language), record.run.city.shelters
    if listed is None:
        return
    for one in open_shelters(desk, record):
        row = listed.loc[one.shelter_id]
        room = one.room_people if row["capacity_source"] in KNOWN_CAPACITY else None
        words = [said[name] for name in sorted(row["features"]) if name in said]
        yield OpenShelter(
            clean(one.shelter_name), clean(one.address),
            room_word(room, one.capacity_people, language), tuple(words),
        )  # fmt: skip


def room_word(room: int | None, capacity: int | None, language: str) -> str:
    """Give the room that is left as a word; unknown stays unknown."""
    if room is None or not capacity:
        return phrases(language)["room_unknown"]
    said = citizen_words(language)
    if room <= 0:
        return said["room_full"]
    return said["room_few" if room < FEW * capacity else "room_some"]


def _readings(run: Run, now: datetime, language: str) -> Iterable[Reading]:
    for row in sorted(gauge_rows(run), key=_by_level):
        at = row.state.at if row.state else None
        level_m = row.state.level_m if row.state else None
        known = at is not None and level_m is not None
        yield Reading(
            clean(row.gauge.name),
            clean(row.gauge.river),
            f"{level_m:.2f} m" if known else "?",
            term(f"threshold_{row.reached}", language) if known and row.reached else "",
            jst(at, day=True, language=language) if at else "?",
            at is None or not known or now - at > timedelta(minutes=OLD_MIN),
        )


def _push(desk: Desk, run: Run, language: str) -> Push | None:
    key = offered(desk.settings, run.city.city_id)
    names = run.city.districts["name"].items()
    rows = [(str(district_id), district_name(str(name), language)) for district_id, name in names]
    return Push(key, tuple(sorted(rows, key=lambda row: row[1]))) if key and rows else None


def _by_level(row: GaugeRow) -> tuple[float, str]:
    """Give the place of a gauge: by what was measured alone; forecasts are for staff."""
    known = row.level is not Level.UNKNOWN and not row.old
    return (-float(row.level) if known else -UNKNOWN_RANK, row.gauge.gauge_id)


def _warnings(run: Run, now: datetime, language: str) -> Iterable[str]:
    form = sentences(language)["warning"]
    for one in sorted(run.warnings.active, key=lambda each: -each.level):
        if one.issued_at <= now and (one.valid_until is None or now < one.valid_until):
            at = jst(one.issued_at, day=True, language=language)
            yield form.format(kind=clean(one.kind), time=at).lstrip("-・ ")
