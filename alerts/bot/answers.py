"""Answers about a place or a district, from the last stored run and official maps.

No answer reads a forecast: shelters, approved orders and official depth classes only. Each says
of what time it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.bot.near import Near, nearest, route
from alerts.bot.replies import Reply, menu, press, reply, send_place
from alerts.bot.types import Danger, Depth, Order, Scene, World
from alerts.bot.words import phrases
from alerts.glossary import sentences, term
from alerts.wording import clean, district_name, jst

EMERGENCY = 5


def shelters_at(
    scene: Scene, world: World, language: str, *, lon: float, lat: float, now: datetime
) -> list[Reply]:
    """Answer with the shelters near a sent position, or that it is outside the city."""
    district_id = world.district_at(lon, lat)
    if district_id is None:
        outside = phrases(language)["outside"].format(city=clean(scene.city_name))
        return reply([outside], menu(language))
    buttons = [
        press(phrases(language)["hazard"], do="hazard", lang=language, lon=f"{lon:.4f}",
              lat=f"{lat:.4f}"),
        *menu(language)[1:],
    ]  # fmt: skip
    start = (lon, lat)
    return _shelters(scene, world, language, district_id, start=start, buttons=buttons, now=now)


def shelters_of(
    scene: Scene, world: World, language: str, district_id: str, *, now: datetime
) -> list[Reply]:
    """Answer with the shelters near the middle of a district."""
    if district_id not in scene.centres:
        return reply([phrases(language)["unknown_district"]], menu(language))
    return _shelters(
        scene, world, language, district_id, start=None, buttons=menu(language), now=now
    )


def _shelters(
    scene: Scene,
    world: World,
    language: str,
    district_id: str,
    *,
    start: tuple[float, float] | None,
    buttons: Sequence[object],
    now: datetime,
) -> list[Reply]:
    said = phrases(language)
    order = world.order(district_id, language)
    if order is not None and order.level >= EMERGENCY:  # nobody is sent outside now
        return reply([order.text, _as_of(scene, language, now)], list(buttons))
    lon, lat = start or scene.centres[district_id]
    found, known_open = nearest(scene.refuges, lon, lat)
    if not found:
        lines = [said["none_near"], str(sentences(language)["shelter_none"])]
    else:
        lines = [said["open_near" if known_open else "near_unconfirmed"]]
        for near in found:
            lines += [
                _row(near, scene, language),
                f"  {said['route']}: {route(near.refuge, start)}",
            ]
        lines.append(said["route_warning"])
    name = district_name(scene.districts[district_id], language)
    return reply(["\n".join([name, *lines, _as_of(scene, language, now)])], list(buttons))


def order_for(
    scene: Scene, world: World, language: str, district_id: str, *, now: datetime
) -> list[Reply]:
    """Answer with the approved order of a district, or that none was issued from here."""
    said = phrases(language)
    if district_id not in scene.districts:
        return reply([said["unknown_district"]], menu(language))
    name = district_name(scene.districts[district_id], language)
    order: Order | None = world.order(district_id, language)
    if order is None:
        text = said["no_order"].format(district=name)
        return reply([f"{text}\n{_as_of(scene, language, now)}"], menu(language))
    return reply([said["order_stands"].format(district=name), order.text], menu(language))


def danger_at(scene: Scene, world: World, language: str, *, lon: float, lat: float) -> list[Reply]:
    """Answer with the official depth classes and zones at a position."""
    said = phrases(language)
    if world.district_at(lon, lat) is None:
        return reply([said["outside"].format(city=clean(scene.city_name))], menu(language))
    danger = world.danger_at(lon, lat)
    lines = [said["hazard_here"], *_danger(danger, language)]
    return reply(["\n".join(lines)], menu(language))


def ask_place(scene: Scene, language: str, *, do: str) -> list[Reply]:
    """Ask where: a position, or one of the districts."""
    districts = [
        press(clean(name), do=do, lang=language, district=key)
        for key, name in scene.districts.items()
    ]
    return reply([phrases(language)["ask_place"]], [send_place(language), *districts])


def _danger(danger: Danger, language: str) -> list[str]:
    said = phrases(language)
    lines = [_depth(depth, language) for depth in danger.depths]
    if not danger.mapped:
        lines.append(said["hazard_unknown"])
    elif not danger.depths:
        lines.append(said["hazard_outside"])
    if danger.collapse:
        lines.append(said["hazard_collapse"].format(area=term("collapse_area", language)))
    if danger.landslide:
        lines.append(said["hazard_landslide"].format(area=term("landslide_area", language)))
    return [*lines, said["stand_in"]] if danger.stand_in else lines


def _depth(depth: Depth, language: str) -> str:
    said = phrases(language)
    river = clean(depth.river) or str(sentences(language)["river_unnamed"])
    low = f"{depth.low_m:g}"
    if depth.high_m is None:
        return said["hazard_deep"].format(river=river, low=low)
    return said["hazard_depth"].format(river=river, low=low, high=f"{depth.high_m:g}")


def _row(near: Near, scene: Scene, language: str) -> str:
    said = phrases(language)
    room = near.refuge.room
    return said["shelter"].format(
        name=clean(near.refuge.name),
        distance=f"{near.distance_m:.0f}",
        minutes=near.minutes(scene.walk_m_per_min),
        room=said["room_unknown"] if room is None else said["room"].format(people=room),
    )


def _as_of(scene: Scene, language: str, now: datetime) -> str:
    minutes = max(0, round((now - scene.issued_at).total_seconds() / 60))
    issued = jst(scene.issued_at, day=True, language=language)
    return phrases(language)["as_of"].format(issued=issued, minutes=minutes)
