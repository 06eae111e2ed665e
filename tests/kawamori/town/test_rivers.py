"""Official levels follow from the weakest point of the banks."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.simulate import simulate
from kawamori.town.rivers import design_rain
from kawamori.town.town import Town


def test_official_levels_are_known_and_ordered_at_six_gauges(town: Town):
    assert len(town.rivers.gauges) == 6
    for gauge in town.rivers.gauges:
        levels = [level for _, level in gauge.thresholds.items()]
        assert len(levels) == 5
        assert (np.diff(levels) >= 0.1).all()


def test_water_tops_the_weakest_bank_at_the_overflow_level_and_not_below(town: Town):
    # All gauges together at the share x of their planned peak; levels are rounded down to 5 cm.
    rivers = town.rivers
    section = rivers.share.argmax(axis=1)
    for column, gauge in enumerate(rivers.gauges):
        overflow = gauge.thresholds.overflow
        assert overflow is not None
        for level, topped in ((overflow - 0.01, False), (overflow + 0.06, True)):
            depth = rivers.share @ (rivers.planned_m * level / rivers.planned_m[column])
            over = depth > rivers.bank_m.min(axis=1)
            assert bool(over[section == column].any()) is topped, gauge.gauge_id


def test_danger_level_leaves_the_lead_time_before_overflow(town: Town):
    # Rise of the fastest hour of the planned storm x lead time; both levels rounded by < 5 cm.
    plan = town.plan
    design = simulate(design_rain(plan, plan.design.planned_peak_mm_h), town.rivers.basins)
    for gauge, planned in zip(town.rivers.gauges, plan.gauges, strict=True):
        level = design["level_m"].sel(gauge=gauge.gauge_id).values
        rise = np.diff(level[::6]).max()
        thresholds = gauge.thresholds
        assert thresholds.overflow - thresholds.danger == pytest.approx(
            rise * planned.lead_h, abs=0.051
        )
        assert thresholds.danger - thresholds.judgment == pytest.approx(
            rise * planned.opening_h, abs=0.051
        )


def test_planned_storm_stays_within_the_banks_but_for_weak_points(town: Town):
    depth = town.rivers.share @ town.rivers.planned_m
    over = (depth[:, None] > town.rivers.bank_m).any(axis=1)
    assert 0 < over.sum() * 50 < 2000  # m of river, seven weak points of 250 to 350 m at most


def test_each_node_takes_its_depth_from_gauges_of_its_own_river(town: Town):
    share = town.rivers.share
    assert share.sum(axis=1) == pytest.approx(1.0)
    for column, planned in enumerate(town.plan.gauges):
        river = [river.river_id for river in town.plan.rivers].index(planned.river_id)
        assert (share[town.nodes.river != river, column] == 0).all()


def test_upstream_gauges_peak_before_those_below(town: Town):
    level = simulate(design_rain(town.plan, 40.0), town.rivers.basins)["level_m"]
    peak = level.argmax("time")
    pairs = [(above, one.gauge_id) for one in town.rivers.gauges for above in one.upstream]
    assert pairs
    for above, below in pairs:
        assert int(peak.sel(gauge=above)) < int(peak.sel(gauge=below))
