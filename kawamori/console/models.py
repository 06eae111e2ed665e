"""Model health: how the forecasts came out, which models are kept, and what decides over them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from kawamori.console.access import needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import NotStoredError
from kawamori.console.models_view import (
    CARD,
    band_factors,
    decisions,
    kept_models,
    same_city,
    skill_by_lead,
)
from kawamori.console.pages import page
from kawamori.console.situation_records import LATEST, Stored
from kawamori.record import model_id

router = APIRouter(prefix="/models", dependencies=[Depends(needs("viewer"))])
Here = Annotated[Desk, Depends(desk_of)]
NAME = re.compile(r"[0-9a-f]{64}")


@router.get("")
def models_page(request: Request, desk: Here, stored: Stored) -> Response:
    """Show the health of the model of the newest run, and every kept model."""
    settings = desk.settings
    shown: dict[str, Any] = {
        "models": kept_models(places_of(desk)),
        "decisions": decisions(settings.champions),
    }
    try:
        record = stored.read(LATEST)
    except NotStoredError:
        return page(request, "models.html", run=None, **shown)
    key = "models_skill"
    if key not in record.packed:  # a newer run has a record of its own
        records = same_city(stored, record)
        record.packed[key] = (skill_by_lead(records), len(records))
    skill, count = record.packed[key]
    names = {gauge.gauge_id: gauge.name for gauge in record.run.city.gauges}
    return page(
        request, "models.html", run=record.run, drill=record.run.drill, skill=skill, count=count,
        factors=band_factors(record.run), names=names, model_id=model_id(record.run), **shown,
    )  # fmt: skip


@router.get("/{name}/card")
def model_card(name: str, request: Request, desk: Here) -> Response:
    """Show the card of a kept model as it was written."""
    for place in places_of(desk).values():
        path = place / name / CARD
        if NAME.fullmatch(name) and path.is_file():
            return page(request, "model_card.html", text=path.read_text(encoding="utf-8"))
    raise NotStoredError(f"no kept model {name!r}")


def places_of(desk: Desk) -> dict[str, Path]:
    """Give where kept models lie."""
    return {"models": desk.settings.models, "champions": desk.settings.champions / "models"}
