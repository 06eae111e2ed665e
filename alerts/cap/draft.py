"""The CAP message of one district as officers approve it.

The draft names no sender and refers to nothing: the channel adds number, sender, time and what it
replaces, holds it against the rules and publishes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from advisory.types import ORDERS, Advice
from advisory.types import Warning as OfficialWarning
from alerts.cap.document import document
from alerts.cap.notice import Area, Notice
from alerts.cap.reading import children, read_document, text_of
from alerts.cap.telling import told
from alerts.glossary import languages
from alerts.types import CAP_FORM, NEW, Hazard, Message, Observed, Occasion

DRAFT = "draft"  # stands for sender and identifier until it is published
DRAFTS = UUID("3f6e2c0a-8d0b-5b1f-9a70-5b6f8f1f2d44")  # name space of message ids, our own


def cap_message(
    advice: Advice,
    area: Area,
    *,
    city_name: str,
    expires: datetime,
    drill: bool,
    hazard: Hazard = "flood",
    occasion: Occasion = NEW,
    finish_by: datetime | None = None,
    river_names: Sequence[str] = (),
    observed: Sequence[Observed] = (),
    warnings: Sequence[OfficialWarning] = (),
    open_shelters: Collection[str] | None = None,
    notes: Sequence[str] = (),
) -> Message | None:
    """Give the draft in all languages, or None where citizens are told nothing.

    Parameters
    ----------
    area
        The district's shape with the city's code; the others are as of `alerts.compose.compose`.
    """
    if advice.level not in ORDERS:
        return None
    said: dict[str, Any] = {
        "city_name": city_name, "expires": expires, "drill": drill, "hazard": hazard,
        "occasion": occasion, "finish_by": finish_by, "river_names": river_names,
        "observed": observed, "warnings": warnings, "open_shelters": open_shelters,
        "notes": notes,
    }  # fmt: skip
    tongues = sorted(languages(), key=lambda name: (name != "ja", name))
    notice = Notice(
        identifier=DRAFT,
        sender=DRAFT,
        sender_name=city_name,
        sent=advice.issued_at,
        expires=expires,
        kind="Cancel" if occasion.ends else "Alert",
        drill=drill,
        level=advice.level,
        told=tuple(told(advice, language, **said) for language in tongues),
        areas=(area,),
        stays=occasion.after_water,
    )
    message = Message(
        "", advice.district_id, "ja", CAP_FORM, notice.told[0].headline, document(notice)
    )
    name = f"{advice.district_id}/{advice.digest}/{message.sha256}"
    return replace(message, message_id=str(uuid5(DRAFTS, name)))


def area_of_draft(body: bytes) -> Area:
    """Give the area that an earlier draft was for: its end is told to the same place."""
    area = children(children(read_document(body), "info")[0], "area")[0]
    rings = [
        tuple((float(lon), float(lat)) for lat, lon in (pair.split(",") for pair in text.split()))
        for text in (polygon.text or "" for polygon in children(area, "polygon"))
    ]
    code = text_of(children(area, "geocode")[0], "value")
    return Area(text_of(area, "areaDesc"), tuple(rings), code)
