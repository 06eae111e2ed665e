"""Inundation reckoned from gauge levels agrees with what the town's simulation knows."""

from __future__ import annotations

import pytest

from benchmarks.hand import STORMS, csi_drill_town, csi_without_levees
from hazard.inundate import to_layer
from kawamori.town.inundation import town_floodplain, town_inundation
from kawamori.town.town import Town
from kawamori.town.truth import named_storms, play


@pytest.fixture(scope="module")
def scores(town: Town):
    return csi_drill_town(town)


@pytest.mark.parametrize("storm", STORMS)
def test_named_storm_is_met_by_at_least_four_fifths(scores, storm):
    assert scores[storm] >= 0.80


def test_stage_alone_meets_a_flood_without_levees(town: Town):
    assert min(csi_without_levees(town).values()) >= 0.90


def test_near_miss_floods_nothing(town: Town):
    named = named_storms()["near-miss"]
    levels = play(town, named.storm, named.peak_at)[1].levels_m
    plain = town_floodplain(town)
    depth = town_inundation(town, levels, plain)
    assert (depth == 0).all()
    assert len(to_layer(depth, plain, stand_in=True)) == 0
