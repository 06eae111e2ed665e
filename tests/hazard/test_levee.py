"""Water comes over levees only where they are topped, and none is lost or made."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hazard.levee import DROWNED, DROWNED_FROM, FREE, Ground, overtop
from hazard.storage import STAGE_M, make_storage
from tests.valleys import floodplain, valley

TIGHT = Ground(roughness=1e9, drain_m_per_h=0.0, pump_m_per_h=0.0)  # water stays where it came in
HOUR = 7  # steps of 10 min, the first included


def river(stage_m: float, *, count: int = HOUR, stations: int = 30) -> xr.DataArray:
    times = np.datetime64("2026-06-01", "ns") + np.arange(count) * np.timedelta64(600, "s")
    return xr.DataArray(np.full((count, stations), stage_m), dims=("time", "station"),
                        coords={"time": times})  # fmt: skip


def run(stage, crests=(3.0, 3.0), **options):
    plain = floodplain(valley(), crests)
    return overtop(stage, plain, make_storage(plain, pond_m=150), **options)


def test_land_behind_a_levee_that_holds_stays_dry():
    assert (run(river(2.99)) == -np.inf).all()


def test_only_the_topped_bank_floods():
    behind = run(river(2.5), crests=(2.0, 3.0), ground=TIGHT).isel(time=-1)
    assert (behind.sel(bank="left") > 0).all()
    assert (behind.sel(bank="right") == -np.inf).all()


def test_water_behind_never_stands_above_the_river():
    assert run(river(2.5, count=200), crests=(2.0, 2.0), ground=TIGHT).max() <= 2.5 + 0.05


def test_spare_discharge_is_all_that_gets_out():
    # 2 m3/s for 70 min = 8,400 m3 over both banks alike, 4,200 m3 a bank, 2,100 m3 a pond.
    plain = floodplain(valley(), (2.0, 2.0))
    storage = make_storage(plain, pond_m=150)
    stage = river(3.0)
    spare, section = np.full((HOUR, 1), 2.0), np.zeros(30, dtype=int)
    behind = overtop(stage, plain, storage, spare_m3s=spare, section=section, ground=TIGHT)
    last = behind.isel(time=-1, station=0).values
    held = [np.interp(level, STAGE_M, storage.volume_m3[pond]) for level, pond in
            zip(last, (0, 2), strict=True)]  # fmt: skip
    assert held == pytest.approx([2100, 2100], rel=0.05)


def test_unknown_river_is_unknown_behind_the_levee_from_then_on():
    stage = river(1.0)
    stage[3, 5] = np.nan
    behind = run(stage)
    assert not behind.isel(time=slice(0, 3)).isnull().any()
    assert behind.isel(station=5, time=slice(3, None)).isnull().all()
    assert not behind.isel(station=6).isnull().any()


@pytest.mark.parametrize(("after_m", "left"), [(1.0, 1.0), (-1.0, 0.9)])
def test_gates_drain_only_while_the_river_stands_below_the_land(after_m, left):
    # One hour over the crest, one hour after: 0.1 m/h of gates take 0.1 m of a pond with upright
    # sides, nothing while the river stands above the land.
    stage = river(3.0, count=2 * HOUR)
    stage[HOUR:] = after_m
    gates = Ground(roughness=1e9, drain_m_per_h=0.1, pump_m_per_h=0.0)
    plain = floodplain(valley(slope=0.0), (2.0, 2.0))
    storage = make_storage(plain, pond_m=150)
    spare, section = np.full((2 * HOUR, 1), 2.0), np.zeros(30, dtype=int)
    spare[HOUR:] = 0.0
    behind = overtop(stage, plain, storage, spare_m3s=spare, section=section, ground=gates)
    full, end = (float(behind.isel(time=at, station=15, bank=0)) for at in (HOUR - 1, -1))
    area = np.interp(full, STAGE_M, storage.area_m2[0])
    lost = np.interp([full, end], STAGE_M, storage.volume_m3[0]) @ [1, -1]
    assert lost == pytest.approx((1 - left) * 7 / 6 * area, rel=0.1, abs=1.0)


def test_free_and_drowned_weir_meet():
    # Behind at 2/3 of the head: 0.91 sqrt(2g) 2/3 sqrt(1/3) = 1.551; free 0.35 sqrt(2g) = 1.550.
    assert pytest.approx(FREE, rel=0.01) == DROWNED * DROWNED_FROM * (1 - DROWNED_FROM) ** 0.5


def test_missing_crests_and_uneven_steps_are_refused():
    plain = floodplain(valley())
    with pytest.raises(ValueError, match="試験川"):
        overtop(river(1.0), plain, make_storage(plain))
    with pytest.raises(ValueError, match="even time step"):
        run(river(1.0).isel(time=[0, 1, 3]))
