"""Where the chat looks things up: the last stored run, the city's official maps, the registry.

The newest complete run that is no drill decides; it is read again when a newer one is stored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import shapely
from sqlalchemy import Engine, or_, select

from alerts.bot.types import Danger, Depth, Order, Profile, Refuge, Scene
from alerts.duty.book import acknowledge, alert, told_of
from alerts.duty.types import Officer
from alerts.enrolment import enrol
from alerts.recipients import Person, find_person, opt_out
from alerts.schema import approval, message
from alerts.standing import in_force
from kawamori.city import City, read_city
from kawamori.policies import read_policy
from kawamori.rosters import city_roster, rostered
from kawamori.settings import Settings
from kawamori.store import StoredRun, newest_run

CHANNEL = "line"
SOURCE = "line-chat"
KNOWN_CAPACITY = ("listed", "area")  # an assumed capacity promises no room
FORMS = ("plain", "mail")  # approved texts that read well in a chat, the first that there is
M_PER_KM, MIN_PER_H = 1000.0, 60.0


@dataclass(frozen=True, eq=False)
class Known:
    """One run with its city, as far as the chat needs them."""

    run_id: str
    scene: Scene
    city: City


class StoredWorld:
    """The `World` of `alerts.bot.types` on one store; threads may share it."""

    def __init__(self, settings: Settings, engine: Engine, city_id: str = "") -> None:
        self._settings, self._engine, self._city_id = settings, engine, city_id
        self._lock = Lock()
        self._known: Known | None = None

    def at(self, now: datetime) -> WorldNow:
        """Give the world as it is now, for one event."""
        return WorldNow(self._settings, self._engine, self._newest(), now)

    def _newest(self) -> Known | None:
        run = newest_run(self._engine, city_id=self._city_id or None, drill=False)
        if run is None:
            return None
        with self._lock:
            if self._known is None or self._known.run_id != run.run_id:
                self._known = _read(self._settings, run)
            return self._known


class WorldNow:
    """The world at one moment."""

    def __init__(
        self, settings: Settings, engine: Engine, known: Known | None, now: datetime
    ) -> None:
        self._settings, self._engine, self._known, self._now = settings, engine, known, now

    def scene(self) -> Scene | None:
        """Give the last stored run, None = nothing is stored."""
        return None if self._known is None else self._known.scene

    def district_at(self, lon: float, lat: float) -> str | None:
        """Give the district of a place, None = outside the city."""
        if self._known is None:
            return None
        districts = self._known.city.districts
        inside = districts.geometry.covers(shapely.Point(lon, lat))
        found = districts.index[inside.fillna(False).astype(bool)]
        return str(found[0]) if len(found) else None

    def danger_at(self, lon: float, lat: float) -> Danger:
        """Give the deepest official class of each river at a place, and the zones there."""
        city = None if self._known is None else self._known.city
        point = shapely.Point(lon, lat)
        zones = None if city is None or city.landslide is None else city.landslide
        slides = zones is not None and len(zones) > 0 and bool(zones.geometry.covers(point).any())
        if city is None or city.layers is None or city.layers.empty:
            return Danger(mapped=False, landslide=slides)
        here = city.layers[city.layers.geometry.covers(point)]
        zoned = here["collapse_zone"].notna()
        return Danger(
            mapped=True,
            depths=tuple(_depths(here[here["depth_min_m"].notna()])),
            collapse=bool(zoned.any()),
            landslide=slides,
            stand_in=bool(city.layers["stand_in"].astype(bool).any()),
        )

    def order(self, district_id: str, language: str) -> Order | None:
        """Give the newest approved order of a district that stands, in its approved words."""
        city_id = None if self._known is None else self._known.city.city_id
        query = (
            select(approval.c.approval_id, approval.c.level, message)
            .join(message, message.c.approval_id == approval.c.approval_id)
            .where(
                approval.c.district_id == district_id,
                approval.c.drill.is_(False),
                or_(approval.c.city_id == city_id, approval.c.city_id.is_(None)),
                in_force(self._now),
                message.c.form.in_(FORMS),
            )
            .order_by(approval.c.at.desc(), approval.c.approval_id)
        )
        with self._engine.connect() as connection:
            rows = list(connection.execute(query))
        newest = [row for row in rows if row.approval_id == rows[0].approval_id]
        if not newest:
            return None

        def fit(row: Any) -> tuple[bool, bool, bool, int]:
            return (row.language != language, row.language != "ja", row.household != "",
                    FORMS.index(row.form))  # fmt: skip

        chosen = min(newest, key=fit)
        return Order(int(chosen.level), bytes(chosen.body).decode("utf-8").strip())

    def profile(self, user_id: str) -> Profile | None:
        """Give what somebody set up, None = nothing, or they opted out."""
        with self._engine.connect() as connection:
            person = find_person(connection, CHANNEL, user_id)
        if person is None:
            return None
        return Profile(person.district_id, person.language, person.household)

    def keep(self, user_id: str, profile: Profile) -> None:
        """Take somebody into the registry: other addresses and needs of theirs stay."""
        with self._engine.begin() as connection:
            known = find_person(connection, CHANNEL, user_id)
            person = Person(
                district_id=profile.district_id,
                language=profile.language,
                household=profile.household,
                consent_at=self._now,
                consent_source=SOURCE,
                addresses=((CHANNEL, user_id),),
                needs=() if known is None else known.needs,
            )
            enrol(connection, [person])

    def stop(self, user_id: str) -> bool:
        """Send them nothing more; tell whether they were told anything before."""
        with self._engine.begin() as connection:
            return opt_out(connection, CHANNEL, user_id, at=self._now)

    def acknowledge(self, user_id: str, alert_id: str | None) -> int | None:
        """Acknowledge one staff alert, or all they were told of; None = not on a roster."""
        count = None
        for city_id in rostered(self._settings):
            officer = _officer(city_roster(self._settings, city_id), user_id)
            if officer is not None:
                count = (count or 0) + self._confirm(city_id, officer.person_id, alert_id)
        return count

    def _confirm(self, city_id: str, person_id: str, alert_id: str | None) -> int:
        with self._engine.begin() as connection:
            told = told_of(connection, person_id, city_id)
            if alert_id is not None:
                found = alert(connection, alert_id)
                told = [alert_id] if found is not None and found.city_id == city_id else []
            return sum(
                acknowledge(connection, each, person_id=person_id, how="line", at=self._now)
                for each in told
            )


def _officer(roster: tuple[Officer, ...], user_id: str) -> Officer | None:
    return next((each for each in roster if each.line_id and each.line_id == user_id), None)


def _depths(rows: Any) -> list[Depth]:
    """Give the deepest class of each river, the deepest first; the largest scenario counts."""
    deepest: dict[str, Depth] = {}
    for row in rows.itertuples():
        river = row.river if isinstance(row.river, str) else ""
        high = float(row.depth_max_m)
        depth = Depth(river, float(row.depth_min_m), high if math.isfinite(high) else None)
        if river not in deepest or depth.low_m > deepest[river].low_m:
            deepest[river] = depth
    return sorted(deepest.values(), key=lambda depth: (-depth.low_m, depth.river))


def _read(settings: Settings, run: StoredRun) -> Known | None:
    """Give the run of a row, None = its record is gone or of another run."""
    path = None if run.folder is None else run.folder / "run.json"
    if path is None or not path.is_file():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    if record.get("run_id") != run.run_id:
        return None
    city = read_city(settings.cities / run.city_id)
    speed = read_policy(settings, city.folder).clearance.walk_km_per_h
    return Known(run.run_id, _scene(record, city, speed * M_PER_KM / MIN_PER_H), city)


def _scene(record: Mapping[str, Any], city: City, walk_m_per_min: float) -> Scene:
    middles = city.districts.geometry.dropna().representative_point()
    return Scene(
        city_id=city.city_id,
        city_name=record["city"]["name"],
        issued_at=datetime.fromisoformat(record["issued_at"]),
        districts={row["district_id"]: row["name"] for row in record["city"]["districts"]},
        centres={str(key): (point.x, point.y) for key, point in middles.items()},
        refuges=tuple(_refuges(record, city)),
        walk_m_per_min=walk_m_per_min,
    )


def _refuges(record: Mapping[str, Any], city: City) -> list[Refuge]:
    """Give the shelters of the run where the city's list has them; safe = not rejected by it."""
    allocation = record.get("allocation")
    rejected = {row["shelter_id"] for row in allocation["rejected"]} if allocation else set()
    sites: Any = city.shelters
    found = []
    for row in record["city"]["shelters"] or []:
        key = row["shelter_id"]
        if sites is None or key not in sites.index:
            continue
        point = sites.geometry.loc[key]
        if point is None or point.is_empty:
            continue
        found.append(
            Refuge(
                shelter_id=key,
                name=row["name"],
                lon=point.x,
                lat=point.y,
                status=row["status"],
                safe="flood" in row["hazard_ok"] and key not in rejected,
                room=_room(row),
            )
        )
    return found


def _room(row: Mapping[str, Any]) -> int | None:
    """Give the free places, None where capacity or people inside are not known."""
    capacity, occupied = row["capacity"], row["occupied"]
    if capacity is None or occupied is None or row["capacity_source"] not in KNOWN_CAPACITY:
        return None
    return max(0, int(capacity) - int(occupied))
