"""CAP notices of a drill-sized district, in all languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import box

from advisory.types import Level
from alerts.cap.notice import Notice, Reference, area_of
from alerts.cap.rules import Setting
from alerts.cap.telling import told
from alerts.glossary import languages
from alerts.types import Observed

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
BOUNDS = (140.7, 36.8, 141.1, 37.3)
EARLIER = Reference("kawamori@city.example.jp", "k-1", NOW - timedelta(hours=1))


@pytest.fixture
def setting():
    return Setting(now=NOW, bounds=BOUNDS)


@pytest.fixture
def notice(make_advice):
    """Give a function of level, kind and drill that gives a notice in all languages."""

    def make(level=Level.EVACUATE, kind="Alert", drill=False, only=None, **changes):
        advice = make_advice(level)
        said = tuple(
            told(
                advice,
                language,
                city_name="いわき市",
                expires=NOW + timedelta(hours=2),
                drill=drill,
                river_names=["夏井川"],
                observed=[Observed("夏井川", "鎌田", NOW, 7.02, True, "danger", 7.0)],
            )
            for language in only or languages()
        )
        made = Notice(
            identifier="k-2",
            sender="kawamori@city.example.jp",
            sender_name="いわき市",
            sent=NOW,
            expires=NOW + timedelta(hours=2),
            kind=kind,
            drill=drill,
            level=level,
            told=said,
            areas=(area_of("平", "07204", box(140.85, 37.0, 140.95, 37.1)),),
            references=() if kind == "Alert" else (EARLIER,),
        )
        return replace(made, **changes)

    return make
