"""A staff policy, a roster of two shifts, and a trigger, all of invented people."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from advisory.policy import Policy, Staff
from alerts.duty.roster import read_roster
from alerts.duty.types import Officer, Trigger

ROSTER = """
[[person]]
id = "hayashi"
name = "林 一郎"
order = 1
line = "U00000000000000000000000000000001"
mail = "hayashi@city.example"
shifts = [{ days = "月火水木金", start = "08:30", end = "17:15" }]

[[person]]
id = "mori"
name = "森 花子"
order = 2
line = "U00000000000000000000000000000002"
shifts = [{ days = "月火水木金", start = "08:30", end = "17:15" }]

[[person]]
id = "hara"
name = "原 夜子"
order = 1
mail = "hara@city.example"
shifts = [{ days = "月火水木金土日", start = "17:15", end = "08:30" }]
"""


@pytest.fixture
def staff() -> Staff:
    path = Path(__file__).parents[3] / "data" / "policy.toml"
    return Policy.from_mapping(tomllib.loads(path.read_text(encoding="utf-8"))).staff


@pytest.fixture
def roster() -> tuple[Officer, ...]:
    return read_roster(tomllib.loads(ROSTER))


@pytest.fixture
def make_trigger() -> Any:
    def make(**changes: Any) -> Trigger:
        values: dict[str, Any] = {
            "topic": "advice/taira",
            "kind": "advice",
            "state": "EVACUATE",
            "severity": 40,
            "level": 4,
            "title": "平: 助言 警戒レベル4 避難指示",
            "reasons": ("鎌田が氾濫危険水位に達する確率 83%",),
            "district_ids": ("taira",),
            "districts": ("平",),
            "run_id": "run-1",
            "any_change": True,
        }
        return Trigger(**{**values, **changes})

    return make
