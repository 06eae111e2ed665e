"""Who goes where in one cycle: the safe shelters, those that open, a place for everybody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from advisory.types import Advice, Level
from forecasting.types import Exceedance
from hazard.chance import DEPTH_COLUMNS, river_chances
from hazard.indexed import WaterIndex
from hazard.outlook import place_chances
from kawamori.city import City
from kawamori.closures import Closures
from kawamori.parts import assumed_parts, with_parts
from kawamori.shelter_rules import ShelterDesk
from kawamori.waters import Waters
from kawamori.ways import Ways
from shelters.allocate import allocate
from shelters.inside import Moving, counts_of, moving
from shelters.opening import OpeningChoice, choose_openings
from shelters.replan import replan
from shelters.routes import NOTES
from shelters.safety import upper_floors, usable
from shelters.types import Allocation, Shelters, TravelMinutes

DEEP = DEPTH_COLUMNS[0]  # deeper than 0.3 m
LOST_ACCESS = ("road_closed", "road_barred")  # notes of a shelter whose nearest road is closed


@dataclass(frozen=True, eq=False)
class Placement:
    """Who goes where, and what that was worked out from."""

    allocation: Allocation
    people: pd.DataFrame
    safe: Shelters
    minutes: TravelMinutes
    choice: OpeningChoice
    upper_floors: pd.DataFrame
    moves: pd.DataFrame | None


@dataclass(frozen=True, eq=False)
class Basis:
    """What a plan stands on, kept with its run so that it can be made again with other doors."""

    origins: pd.DataFrame  # index origin: lon, lat
    places: pd.DataFrame  # index shelter_id: lon, lat, capacity as planned with (of dry floors)
    barred: tuple[int, ...]  # roads that nobody may set foot on


def basis_of(placement: Placement | None, city: City, closed: Closures | None) -> Basis | None:
    """Give what a placement stands on."""
    if placement is None or city.shelters is None:
        return None
    points = city.shelters.geometry
    capacity = city.shelters["capacity"].astype("Int64")
    capacity.update(placement.safe["capacity"].astype("Int64"))
    places = pd.DataFrame({"lon": points.x, "lat": points.y, "capacity": capacity})
    barred = () if closed is None else closed.barred
    return Basis(placement.people[["lon", "lat"]], places.rename_axis("shelter_id"), barred)


def place_people(
    desk: ShelterDesk,
    city: City,
    ways: Ways,
    water: Waters,
    exceedance: Exceedance,
    *,
    closed: Closures | None,
    told: Allocation | None = None,
    upstairs: Collection[str] = (),
    uncounted: Collection[str] = (),
) -> Placement | None:
    """Judge the shelters, choose which to open and give everybody a place; None = unknown.

    `told` is the plan that people were told before; its people keep their place where they can.
    `upstairs` are shelters whose upper floors the officer allowed, `uncounted` those whose head
    count is assumed to be 0.
    """
    if city.shelters is None or water.demand is None:
        return None
    people = with_parts(water.demand.set_axis(_origins(water.demand), axis=0), city, desk.shares)
    event: dict[str, Any] = {
        "hazards": water.hazards,
        "chance": _chance(desk.index, city, exceedance),
    }
    dry, rejected = usable(city.shelters, water.unsafe, **event, upstairs=upstairs)
    minutes = ways.minutes(people, dry, closed=closed)
    event["no_access"] = no_access(minutes)
    reached = Shelters(city.shelters.loc[dry.index])  # the capacity as listed, not yet of the dry
    safe, lost = usable(reached, water.unsafe, **event, upstairs=upstairs)
    rejected = pd.concat([rejected, lost], ignore_index=True)
    choice, allocation, moves = placed(desk, people, safe, minutes, told=told, rejected=rejected)
    said = [
        assumed_parts(city, desk.shares) if len(people) else "",
        inside_words(moving(int(people["people"].sum()), counts_of(safe, uncounted))),
        _walked(allocation, minutes),
    ]
    allocation = replace(allocation, notes=(*allocation.notes, *filter(None, said)))
    cases = upper_floors(city.shelters, rejected, water.unsafe, **event)
    return Placement(allocation, people, safe, minutes, choice, cases, moves)


def inside_words(told: Moving) -> str:
    """Say that who is inside stays among those who must leave; "" = nobody is counted inside."""
    if not told.must_leave or not told.counted:
        return ""
    still = f"まだ避難所にいない人は多くて{told.must_leave:,}人"
    if told.fewest is None:
        still += f"(人数不明の開設中の避難所が{told.uncounted}か所あり、少なくて何人かは不明)"
    else:
        still += f"、少なくて{told.fewest:,}人"
    return (
        f"使える避難所で数えた{told.counted:,}人がどこから来たかは分からないため、避難する"
        f"{told.must_leave:,}人から引かずに全員の場所をとる。{still} (inside_kept)"
    )


def told_plan(allocation: Allocation | None, advice: Sequence[Advice]) -> Allocation | None:
    """Give the part of a plan that people were told: of districts at level 3 or above."""
    if allocation is None:
        return None
    ordered = {one.district_id for one in advice if one.level >= Level.ELDERLY}
    groups = allocation.groups[allocation.groups["district_id"].isin(ordered)]
    return Allocation(
        allocation.assigned, allocation.unplaced, allocation.rejected, allocation.openings, groups
    )


def _chance(index: WaterIndex | None, city: City, exceedance: Exceedance) -> pd.Series[Any] | None:
    """Give the highest probability of deep water at each shelter through the event."""
    if index is None:
        return None
    told = place_chances(index, river_chances(exceedance, index.rivers, city.gauges))
    return pd.Series(told[DEEP].groupby(level="building_id").max(skipna=False))


def placed(
    desk: ShelterDesk,
    people: pd.DataFrame,
    safe: Shelters,
    minutes: TravelMinutes,
    *,
    told: Allocation | None,
    rejected: pd.DataFrame,
) -> tuple[OpeningChoice, Allocation, pd.DataFrame | None]:
    """Choose what to open and give everybody a place; and who moves, None = nobody was told."""
    choice, opened = _opened(desk, people, safe, minutes, told)
    given: Any = {"limits": desk.limits, "rejected": rejected}
    if told is None:
        return choice, allocate(people, opened, minutes, **given), None
    changed = replan(told, people, opened, minutes, **given)
    return choice, changed.allocation, changed.moves


def no_access(minutes: TravelMinutes) -> dict[str, str]:
    """Give the shelters whose nearest road is closed, and why no road leads there."""
    notes = minutes["shelter_note"].sel(traveller="general")
    ids = map(str, minutes["shelter_id"].values)
    return {
        key: NOTES[str(note)]
        for key, note in zip(ids, notes.values, strict=True)
        if note in LOST_ACCESS
    }


def _walked(allocation: Allocation, minutes: TravelMinutes) -> str:
    """Say who comes along a road that is foreseen to close, and how long; "" = nobody does."""
    placed = allocation.groups[allocation.groups["shelter_id"].notna()]
    if "origin_extra_min" not in minutes.coords or placed.empty:
        return ""
    table = minutes["origin_extra_min"].to_series()
    extra = table.reindex(pd.MultiIndex.from_frame(placed[["origin", "traveller"]])).to_numpy()
    people = int(placed["people"].to_numpy()[extra > 0].sum())
    if not people:
        return ""
    return (
        f"{people:,}人は、閉じる見込みの道路を最大{extra.max():.0f}分歩いて開いた道路に出る"
        "(水が来る前に出ることが前提、仮定) (walk_out)"
    )


def _opened(
    desk: ShelterDesk,
    people: pd.DataFrame,
    safe: Shelters,
    minutes: TravelMinutes,
    told: Allocation | None,
) -> tuple[OpeningChoice, Shelters]:
    """Choose what to open; without a limit of staff nobody may lose a place by it.

    A shelter that people were told of stays chosen.
    """
    choice = choose_openings(people, safe, minutes, rules=desk.opening, limits=desk.limits)
    if told is not None and choice.served is None:
        ids = set(choice.shelter_ids) | set(told.groups["shelter_id"].dropna())
        kept = tuple(str(key) for key in safe.index if key in ids)
        choice = OpeningChoice(kept, choice.gap, choice.method)
    chosen = choice.of(safe)
    if choice.served is None and len(chosen) < len(safe):
        lacking = [
            allocate(people, places, minutes, limits=desk.limits).unplaced["people"].sum()
            for places in (chosen, safe)
        ]
        if lacking[0] > lacking[1]:
            every = tuple(map(str, safe.index))
            choice = OpeningChoice(every, choice.gap, "all (the plan left people outside)")
            return choice, safe
    return choice, chosen


def _origins(people: pd.DataFrame) -> pd.Index[Any]:
    """Name each origin so that the next cycle finds it again."""
    names = [f"{row.district_id}/{row.block}" for row in people.itertuples()]
    number = pd.Series(names, dtype=object).groupby(names).cumcount()
    marks = [name if at == 0 else f"{name}#{at}" for name, at in zip(names, number, strict=True)]
    return pd.Index(marks, dtype=object, name="origin")
