"""Drafts of every district's messages; nothing is sent without an approval.

A cycle drafts every form in Japanese. The texts of segments (language x kind of household) are
written from the run when somebody looks at them or approves them: the same run gives the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import nan
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

import pandas as pd

from advisory.types import ORDERS, Advice, Destination, GaugeState
from alerts.cap.draft import area_of_draft, cap_message
from alerts.cap.notice import Area, area_of
from alerts.compose import compose
from alerts.facts import hazard_of, observe
from alerts.types import (
    CAP_FORM,
    EVERYBODY,
    NEW,
    PUBLIC_FORMS,
    STAFF_FORM,
    Message,
    Observed,
    Occasion,
)
from kawamori.city import City
from kawamori.run import Run

FORMS = (*PUBLIC_FORMS, STAFF_FORM)
SEGMENTS = UUID("5a1c8a53-3a0c-5a86-9a35-7f1d4f0f6e10")  # name space of our own
PLACE = "{district_id}"
# Whose places of the plan a kind of household is shown.
TRAVELLERS = {"general": ("general",), "elderly": ("elderly", "assisted"), "car": ("car",)}


@dataclass(frozen=True)
class Links:
    """Public addresses of every district's shelter map and its picture; "" = there is none."""

    map_url: str = ""
    picture_url: str = ""

    def of(self, district_id: str) -> tuple[str, str]:
        """Give both for one district, whose id takes the place of {district_id}."""
        code = quote(district_id, safe="")
        return self.map_url.replace(PLACE, code), self.picture_url.replace(PLACE, code)


@dataclass(frozen=True)
class Local:
    """What the texts of one district are written from, whatever their language."""

    city: City
    advice: Advice
    rivers: tuple[str, ...]
    observed: tuple[Observed, ...]
    drill: bool
    occasion: Occasion = NEW
    finish_by: datetime | None = None

    @classmethod
    def of(cls, city: City, advice: Advice, states: Sequence[GaugeState], *, drill: bool) -> Local:
        """Gather what the gauges of the district measured, and their rivers."""
        gauge_ids = city.districts.loc[advice.district_id, "gauge_ids"]
        rivers = tuple(gauge.river for gauge in city.gauges if gauge.gauge_id in gauge_ids)
        seen = observe(states, city.gauges, gauge_ids=gauge_ids, issued_at=advice.issued_at)
        return cls(city, advice, rivers, seen, drill)

    def write(
        self,
        form: str,
        language: str = "ja",
        *,
        open_shelters: Iterable[str] | None = None,
        links: Links | None = None,
    ) -> Message | None:
        """Give the message in one form and language; None where citizens are told nothing."""
        map_url, picture_url = ("", "") if links is None else links.of(self.advice.district_id)
        return compose(
            self.advice,
            form=form,
            city_name=self.city.name,
            expires=self.advice.valid_until,
            drill=self.drill,
            language=language,
            hazard=hazard_of(self.advice),
            occasion=self.occasion,
            finish_by=self.finish_by,
            river_names=self.rivers,
            observed=self.observed,
            open_shelters=None if open_shelters is None else frozenset(open_shelters),
            map_url=map_url,
            picture_url=picture_url,
            notes=self.city.notes,
        )

    def cap(self, area: Area | None = None) -> Message | None:
        """Give the CAP draft; None where citizens are told nothing or the district has no shape.

        Without `area` that of the city's districts, which a stored run does not have.
        """
        if self.advice.level not in ORDERS:
            return None
        if area is None:
            shape = self.city.districts.geometry.loc[self.advice.district_id]
            if shape is None or shape.is_empty or shape.area == 0:
                return None
            area = area_of(self.advice.name, self.city.code, shape)
        return cap_message(
            self.advice,
            area,
            city_name=self.city.name,
            expires=self.advice.valid_until,
            drill=self.drill,
            hazard=hazard_of(self.advice),
            occasion=self.occasion,
            finish_by=self.finish_by,
            river_names=self.rivers,
            observed=self.observed,
            notes=self.city.notes,
        )


def drafts(
    city: City, advice: Sequence[Advice], states: Sequence[GaugeState], *, drill: bool
) -> tuple[Message, ...]:
    """Give the drafts of one cycle, district by district."""
    found = [
        draft
        for local in (Local.of(city, one, states, drill=drill) for one in advice)
        for draft in (*(local.write(form) for form in FORMS), local.cap())
    ]
    return tuple(draft for draft in found if draft is not None)


def segment_drafts(
    run: Run,
    advice: Advice,
    wanted: Iterable[tuple[str, str, str]],
    *,
    links: Links | None = None,
    occasion: Occasion = NEW,
    finish_by: datetime | None = None,
) -> Iterator[Message]:
    """Give the texts of one district for each (form, language, household) that is wanted.

    Each kind of household reads its own shelters of the plan; EVERYBODY reads those of the advice.
    """
    local = Local.of(run.city, advice, run.states, drill=run.drill)
    local = replace(local, occasion=occasion, finish_by=finish_by)
    known = _open_shelters(run.city)
    by_kind: dict[str, Local] = {}
    for form, language, household in wanted:
        if household not in by_kind:
            places = places_of(run, advice, household)
            by_kind[household] = replace(local, advice=replace(advice, shelters=places))
        here = by_kind[household]
        doors = known if any(one.shelter_id in known for one in here.advice.shelters) else None
        draft = here.write(form, language, open_shelters=doors, links=links)
        if draft is not None:
            yield _for(draft, household)


def written_anew(
    run: Run,
    advice: Advice,
    told: Iterable[Message],
    *,
    links: Links | None = None,
    occasion: Occasion,
    finish_by: datetime | None = None,
) -> Iterator[Message]:
    """Give texts of one district as they read on another occasion, CAP for the same area."""
    told = list(told)
    kinds = [(one.form, one.language, one.household) for one in told if one.form != CAP_FORM]
    yield from segment_drafts(
        run, advice, kinds, links=links, occasion=occasion, finish_by=finish_by
    )
    local = Local.of(run.city, advice, run.states, drill=run.drill)
    local = replace(local, occasion=occasion, finish_by=finish_by)
    for one in (one for one in told if one.form == CAP_FORM):
        draft = local.cap(area_of_draft(one.body))
        if draft is not None:
            yield draft


def places_of(run: Run, advice: Advice, household: str) -> tuple[Destination, ...]:
    """Give the shelters of one kind of household, closed ones left out.

    A district whose plan has no place for that kind, or a run without groups, gives the places of
    the whole district.
    """
    own = () if household == EVERYBODY else _planned(run, advice, TRAVELLERS[household])
    closed = set() if run.city.shelters is None else _with_status(run.city.shelters, "closed")
    return tuple(one for one in own or advice.shelters if one.shelter_id not in closed)


def _planned(run: Run, advice: Advice, travellers: tuple[str, ...]) -> tuple[Destination, ...]:
    if run.allocation is None:
        return ()
    groups = run.allocation.groups
    rows = groups[
        (groups["district_id"] == advice.district_id)
        & groups["traveller"].isin(travellers)
        & groups["shelter_id"].notna()
    ]
    names = {} if run.city.shelters is None else run.city.shelters["name"]
    found = [
        _destination(str(shelter_id), str(names.get(shelter_id, shelter_id)), group)
        for shelter_id, group in rows.groupby("shelter_id")
    ]
    found.sort(key=lambda one: one.minutes)
    if set(travellers) == {"car"}:  # a time on the road in a flood is no promise: only the order
        found = [replace(one, minutes=nan) for one in found]
    return tuple(found)


def _destination(shelter_id: str, name: str, group: pd.DataFrame) -> Destination:
    minutes = pd.to_numeric(group["minutes"]).max()
    return Destination(shelter_id, name, int(group["people"].sum()), float(minutes))


def _open_shelters(city: City) -> set[str]:
    return set() if city.shelters is None else _with_status(city.shelters, "open")


def _with_status(shelters: Any, status: str) -> set[str]:
    return {str(shelter_id) for shelter_id in shelters.index[shelters["status"] == status]}


def _for(draft: Message, household: str) -> Message:
    """Give a draft as the text of one kind of household; its id is its own."""
    if household == EVERYBODY:
        return draft
    named = f"{draft.message_id}/{household}"
    return replace(draft, household=household, message_id=str(uuid5(SEGMENTS, named)))
