"""Shelters, who goes where, and map layers of one stored run, all for staff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kawamori.console.api.answers import (
    FAULTS,
    UNCHANGED,
    Cursor,
    Limit,
    answer,
    etag_of,
    slice_of,
)
from kawamori.console.api.bodies import (
    AllocationPage,
    Assignment,
    LayerFeatures,
    LayerLine,
    LayerList,
    ShelterLine,
    ShelterPage,
    Unplaced,
)
from kawamori.console.api.runs import Key, of_run
from kawamori.console.api.tokens import reader
from kawamori.console.errors import NotStoredError, RefusedError
from kawamori.console.layers import layer, map_facts, packed_layer
from kawamori.console.situation_records import Record, Stored
from kawamori.map_layers import LAYERS, times
from kawamori.run import Run

router = APIRouter(
    prefix="/api/v1", dependencies=[Depends(reader)], responses={**FAULTS, **UNCHANGED}
)


@router.get("/runs/{run}/shelters", response_model=ShelterPage)
def list_shelters(
    run: Key, request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Give the shelters with their room and part in the plan."""
    record = stored.read(run)
    part = slice_of(_shelters(record.run), record.etag, limit, cursor)
    return answer(
        request,
        etag_of(record.etag, "shelters", limit, cursor),
        lambda: ShelterPage(**of_run(record, part.next_cursor), shelters=part.items),
    )


@router.get("/runs/{run}/allocations", response_model=AllocationPage)
def list_allocations(
    run: Key, request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Give who goes where and who has no place."""
    record = stored.read(run)
    plan = record.run.allocation
    rows = [] if plan is None else plan.assigned.to_dict("records")
    part = slice_of(rows, record.etag, limit, cursor)
    return answer(
        request,
        etag_of(record.etag, "allocations", limit, cursor),
        lambda: AllocationPage(
            **of_run(record, part.next_cursor),
            **_totals(record.run),
            assigned=[
                Assignment(district_id=row["district_id"], shelter_id=row["shelter_id"],
                           people=row["people"], travel_min=_number(row["minutes"]),
                           mode=row["mode"])
                for row in part.items
            ],
        ),
    )  # fmt: skip


@router.get("/runs/{run}/layers", response_model=LayerList)
def list_layers(run: Key, request: Request, stored: Stored) -> Response:
    """List the map layers of a run and the times they can be asked for."""
    record = stored.read(run)
    base = f"/api/v1/runs/{record.name}/layers"
    lines = [
        LayerLine(name=name, word=each.word, path=f"{base}/{name}.geojson")
        for name, each in LAYERS.items()
    ]
    return answer(
        request,
        etag_of(record.etag, "layers"),
        lambda: LayerList(
            **of_run(record),
            layers=lines,
            times=times(record.run),
            bounds=map_facts(record).get("bounds"),
        ),
    )


@router.get("/runs/{run}/layers/{name}.geojson", response_model=LayerFeatures)
def read_layer(
    *,
    run: Key,
    name: Annotated[str, Path(max_length=40, examples=["flood"])],
    request: Request,
    stored: Stored,
    at: Annotated[datetime | None, Query(description="one of `times`; none = issue time")] = None,
    geometry: Annotated[bool, Query(description="false = properties alone, by feature id")] = True,
    language: Annotated[Literal["ja", "en"], Query(description="of `lines`")] = "ja",
) -> Response:
    """Give one layer as GeoJSON, at the issue time or a lead of the forecast."""
    record = stored.read(run)
    if name not in LAYERS:
        raise NotStoredError(f"layer must be one of {list(LAYERS)}, got {name!r}")
    moment = _moment(record, at)
    return answer(
        request,
        etag_of(record.etag, name, moment, geometry, language),
        lambda: layer(record, name, moment, geometry=geometry, language=language),
        kind="application/geo+json",
        packed=lambda: packed_layer(record, name, moment, geometry=geometry, language=language),
    )


def _moment(record: Record, at: datetime | None) -> datetime:
    if at is None:
        return record.run.issued_at
    known = times(record.run)
    if at.tzinfo is None or at not in known:
        told = f"{known[0].isoformat()} to {known[-1].isoformat()}"
        raise RefusedError(f"at must be one of {len(known)} times ({told}, with a zone), got {at}.")
    return at


def _shelters(run: Run) -> list[ShelterLine]:
    if run.city.shelters is None:
        return []
    plan = run.allocation
    people = {} if plan is None else plan.assigned.groupby("shelter_id")["people"].sum().to_dict()
    reasons: dict[Any, str] = {} if plan is None else dict(plan.rejected.itertuples(index=False))
    ranks = {} if plan is None else {key: rank for rank, key in enumerate(plan.openings, 1)}
    lines = []
    for key, row in run.city.shelters.iterrows():
        capacity, inside = whole(row["capacity"]), whole(row["occupied"])
        sent = None if plan is None else int(people.get(key, 0))
        room = None if capacity is None else capacity - (inside or 0) - (sent or 0)
        lines.append(
            ShelterLine(
                shelter_id=str(key),
                shelter_name=str(row["name"]),
                address=str(row["address"]),
                kinds=_words(row["kinds"]),
                status=str(row["status"]),
                capacity_people=capacity,
                capacity_source=str(row["capacity_source"]),
                occupied_people=inside,
                assigned_people=sent,
                room_people=room,
                opening_rank=ranks.get(str(key)),
                rejected_reason=reasons.get(key),
            )
        )
    return lines


def _totals(run: Run) -> dict[str, Any]:
    plan = run.allocation
    if plan is None:
        return {"known": False}
    return {
        "known": True,
        "optimal": plan.optimal,
        "method": plan.method,
        "assigned_people": int(plan.assigned["people"].sum()),
        "unplaced_people": int(plan.unplaced["people"].sum()),
        "openings": list(plan.openings),
        "unplaced": [Unplaced.model_validate(row) for row in plan.unplaced.to_dict("records")],
    }


def _words(kinds: Iterable[str]) -> list[str]:
    return sorted(map(str, kinds))


def whole(value: Any) -> int | None:
    """Give a count, None where it is unknown."""
    return None if value is None or pd.isna(value) else int(value)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
