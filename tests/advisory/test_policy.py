"""The policy: every table is cited, every fault is named."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from advisory.policy import Cited, Policy


def test_every_table_of_the_common_policy_says_its_source(policy: Policy) -> None:
    tables = [getattr(policy, field.name) for field in fields(policy) if field.name != "version"]
    cited = [
        table for group in tables for table in (group if isinstance(group, tuple) else [group])
    ]
    assert cited
    assert all(isinstance(table, Cited) and table.source for table in cited)


def test_probabilities_are_not_called_official(policy: Policy) -> None:
    assert [rule.verified for rule in policy.forecast] == [False] * 5


def test_unknown_key_is_named_with_the_known_ones(raw_policy: Mapping[str, Any]) -> None:
    raw = copy.deepcopy(dict(raw_policy))
    raw["clearance"]["walk_kmh"] = 2.0
    with pytest.raises(
        ValueError, match=r"unknown key 'walk_kmh' in policy\.clearance.*walk_km_per_h"
    ):
        Policy.from_mapping(raw)


def test_all_faults_come_in_one_error(raw_policy: Mapping[str, Any]) -> None:
    raw = copy.deepcopy(dict(raw_policy))
    raw["observed"][0]["threshold"] = "flood"
    raw["forecast"][0]["probability"] = 30
    raw["evening"]["start"] = "5 pm"
    raw["staleness"]["stage_min"] = float("nan")
    del raw["trend"]["source"]
    with pytest.raises(ValueError, match="not usable") as caught:
        Policy.from_mapping(raw)
    text = str(caught.value)
    wanted = (
        "L5-overflow",
        "0.0 to 1.0, got 30",
        "'5 pm'",
        "stage_min must be a number",
        "'source'",
    )
    assert all(part in text for part in wanted)


def test_negative_time_is_refused(raw_policy: Mapping[str, Any]) -> None:
    raw = copy.deepcopy(dict(raw_policy))
    raw["clearance"]["decide_min"] = -20
    with pytest.raises(ValueError, match="decide_min must be >= 0, got -20"):
        Policy.from_mapping(raw)


def test_rule_ids_are_unique(raw_policy: Mapping[str, Any]) -> None:
    raw = copy.deepcopy(dict(raw_policy))
    raw["observed"].append(raw["observed"][0])
    with pytest.raises(ValueError, match="L5-overflow"):
        Policy.from_mapping(raw)


def test_true_is_not_a_number(raw_policy: Mapping[str, Any]) -> None:
    raw = copy.deepcopy(dict(raw_policy))
    raw["observed"][0]["level"] = True
    with pytest.raises(ValueError, match="a whole number, got True"):
        Policy.from_mapping(raw)


def test_empty_policy_lists_what_is_missing() -> None:
    with pytest.raises(ValueError, match="'observed' is missing in policy"):
        Policy.from_mapping({})
