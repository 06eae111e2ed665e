"""A world of one city with two districts and four shelters, and a maker of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.bot.types import Danger, Event, Profile, Refuge, Scene

NOW = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)  # 21:00 in Japan
USER = "U" + "a" * 32


class MadeWorld:
    """平 lies south of 37.05 degrees, 小川 north of it; both between 140.8 and 140.9 east."""

    def __init__(self):
        refuges = (
            Refuge("near", "第一小学校", 140.850, 37.010, "open", True, 40),
            Refuge("full", "満員公民館", 140.850, 37.001, "open", True, 0),
            Refuge("wet", "川辺公民館", 140.850, 37.0005, "open", False, 90),
            Refuge("far", "高台体育館", 140.850, 37.030, "open", True, None),
            Refuge("maybe", "山の集会所", 140.850, 37.002, "unknown", True, None),
        )
        self.made = Scene(
            "iwaki", "いわき市", NOW - timedelta(minutes=10), {"taira": "平", "ogawa": "小川"},
            {"taira": (140.85, 37.0), "ogawa": (140.85, 37.08)}, refuges, 2000 / 60,
        )  # fmt: skip
        self.orders: dict[str, Any] = {}
        self.danger = Danger(mapped=True)
        self.profiles: dict[str, Profile] = {}
        self.officers: dict[str, int] = {}

    def scene(self):
        return self.made

    def change(self, **changes):
        self.made = replace(self.made, **changes)

    def district_at(self, lon, lat):
        if not (140.8 <= lon <= 140.9 and 36.9 <= lat <= 37.1):
            return None
        return "taira" if lat < 37.05 else "ogawa"

    def danger_at(self, lon, lat):
        return self.danger

    def order(self, district_id, language):
        return self.orders.get(district_id)

    def profile(self, user_id):
        return self.profiles.get(user_id)

    def keep(self, user_id, profile):
        self.profiles[user_id] = profile

    def stop(self, user_id):
        return self.profiles.pop(user_id, None) is not None

    def acknowledge(self, user_id, alert_id):
        return self.officers.get(user_id)


@pytest.fixture
def world():
    return MadeWorld()


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def event():
    def make(kind="text", text="", **changes):
        values = {"event_id": "e1", "kind": kind, "user_id": USER, "reply_token": "r",
                  "at": NOW, "text": text}  # fmt: skip
        return Event(**{**values, **changes})

    return make
