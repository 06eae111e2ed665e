"""Iwaki's series: real AMeDAS rain, simulated levels (模擬), and floods to learn from.

No level of an Iwaki river is published as a series, so every level here is simulated from rain.
Training holds the real rain of July to December 2023 without the storm to be drilled, after
`SEASONS` earlier seasons of the same rain without its dry weeks, whose wet spells were stretched
and moved between the stations: rain that never fell, so that a model sees floods.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from forecasting.simulate import SIMULATED, Basin, observe, simulate
from forecasting.sources.amedas import CREDIT, Amedas
from forecasting.types import (
    MISSING,
    NOT_EVALUATED,
    Gauge,
    Observations,
    check_observations,
    utc64,
)
from kawamori.city import read_toml

RAIN_FILE = "EXTRACTED_amedas_hourly_4pref_20230713_20231206.csv.gz"
FIRST, LAST = datetime(2023, 7, 13, 5, tzinfo=UTC), datetime(2023, 12, 6, 3, tzinfo=UTC)
STORM = (datetime(2023, 9, 7, 15, tzinfo=UTC), datetime(2023, 9, 9, 15, tzinfo=UTC))  # JST days
STORM_NAME = "2023-09-08"
DRILL = (datetime(2023, 9, 8, 3, tzinfo=UTC), datetime(2023, 9, 8, 18, tzinfo=UTC))  # 12-03 JST
BEFORE_STORM_D = 7  # days of what a forecaster knew when the storm began
SEASONS = 2
STRETCH = (1.0, 1.5, 2.0, 3.0, 4.0)  # of a wet spell
SPELL_GAP_H, SPELL_MM = 12, 20.0  # dry hours between spells; smaller spells stay as they are
LEARNT_MM, AROUND_H = 10.0, (24, 48)  # spells that a synthetic season keeps, hours around them
MOST_MM_PER_H = 110.0  # highest hourly rain reported near Iwaki in 2023
SEED = 7204
NOTE = "水位は模擬: 実雨量からの流出計算。観測値ではない / levels simulated from real AMeDAS rain"


def read_basins(path: Path) -> tuple[Basin, ...]:
    """Read `[[basin]]` tables; `storm_peak_m` is the note of how rating_a was set."""
    rows = read_toml(path).get("basin", [])
    return tuple(
        Basin(**{name: value for name, value in row.items() if name != "storm_peak_m"})
        for row in rows
    )


def write_series(
    rain_folder: Path, gauges: Sequence[Gauge], basins: Sequence[Basin], folder: Path
) -> None:
    """Write observations.nc (training) and storms/2023-09-08.nc (drill)."""
    file = rain_folder / RAIN_FILE
    seen = Amedas(file, rebuild=False).read(gauges, FIRST, LAST)
    rain = filled(Amedas(file).read(gauges, FIRST, LAST)["rain_mm"])
    (folder / "storms").mkdir(parents=True, exist_ok=True)
    _write(storm_series(seen, rain, basins), folder / "storms" / f"{STORM_NAME}.nc")
    _write(training_series(seen, rain, basins), folder / "observations.nc")


def storm_series(seen: Observations, rain: Any, basins: Sequence[Basin]) -> Observations:
    """Give the drilled event with the week before it; rain as it was reported."""
    whole = _observed(simulate(rain, basins), seen, seed=SEED)
    first = utc64(STORM[0]) - np.timedelta64(BEFORE_STORM_D, "D")
    event = whole.sel(time=slice(first, utc64(STORM[1])))
    times = {"drill_start": DRILL[0].isoformat(), "drill_end": DRILL[1].isoformat()}
    title = "いわき市 2023-09-08 模擬水位"
    return Observations(event.assign_attrs(title=title, comment=NOTE, **times))


def training_series(seen: Observations, rain: Any, basins: Sequence[Basin]) -> Observations:
    """Give stretched seasons, then the real one; the storm's hours are missing, not calm."""
    calm = rain.where(~_during_storm(rain), 0.0)
    random = np.random.default_rng(SEED)
    wet = condensed(calm)
    step = rain["time"].values[1] - rain["time"].values[0]
    seasons = []
    for number in range(SEASONS, 0, -1):
        hours = np.arange(wet.sizes["time"]) - number * wet.sizes["time"]
        season = stretched(wet, random)
        seasons.append(season.assign_coords(time=rain["time"].values[0] + hours * step))
    all_rain = xr.concat([*seasons, calm], dim="time")
    reported = xr.concat([*seasons, seen["rain_mm"]], dim="time")
    unseen = [xr.full_like(season, NOT_EVALUATED, dtype="int8") for season in seasons]
    flags = xr.concat([*unseen, seen["rain_flag"]], dim="time")
    known = xr.Dataset({"rain_mm": reported, "rain_flag": flags})
    whole = _observed(simulate(all_rain, basins), known, seed=SEED + 1)
    hidden = _during_storm(whole)
    for name in ("level", "rain"):
        unit = {"level": "level_m", "rain": "rain_mm"}[name]
        whole[unit] = whole[unit].where(~hidden)
        whole[f"{name}_flag"] = whole[f"{name}_flag"].where(~hidden, MISSING).astype("int8")
    comment = f"{NOTE}; rain before {FIRST:%Y-%m-%d} is synthetic (模擬: stretched real rain)"
    return Observations(whole.assign_attrs(title="いわき市 学習用 模擬水位", comment=comment))


def filled(rain_mm: Any) -> Any:
    """Give rain without gaps, for the simulation only: the mean of the other stations, else 0."""
    return rain_mm.fillna(rain_mm.mean("rain_gauge")).fillna(0.0)


def stretched(rain_mm: Any, random: np.random.Generator) -> Any:
    """Give the rain with every wet spell stretched by one of STRETCH and its stations exchanged.

    A spell ends after SPELL_GAP_H hours without rain anywhere; one below SPELL_MM at its wettest
    station stays as it is, and no hour exceeds MOST_MM_PER_H.
    """
    values = rain_mm.transpose("time", "rain_gauge").values.copy()
    for first, last in _spells(values.max(axis=1) > 0):
        spell = values[first:last]
        if spell.sum(axis=0).max() < SPELL_MM:
            continue
        spell = spell[:, random.permutation(spell.shape[1])] * random.choice(STRETCH)
        values[first:last] = np.minimum(spell, MOST_MM_PER_H)
    return rain_mm.transpose("time", "rain_gauge").copy(data=values)


def condensed(rain_mm: Any) -> Any:
    """Give the rain without the dry weeks: AROUND_H hours before and after each larger spell."""
    values = rain_mm.transpose("time", "rain_gauge").values
    kept = np.zeros(len(values), dtype=bool)
    for first, last in _spells(values.max(axis=1) > 0):
        if values[first:last].sum(axis=0).max() >= LEARNT_MM:
            kept[max(0, first - AROUND_H[0]) : last + AROUND_H[1]] = True
    return rain_mm.isel(time=np.flatnonzero(kept))


def _spells(wet: Any) -> list[tuple[int, int]]:
    """Give (first, one past last) of runs of wet hours with gaps below SPELL_GAP_H."""
    hours = np.flatnonzero(wet)
    if hours.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(hours) >= SPELL_GAP_H)
    firsts = hours[np.concatenate([[0], breaks + 1])]
    lasts = hours[np.concatenate([breaks, [hours.size - 1]])] + 1
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _observed(simulated: xr.Dataset, known: Any, *, seed: int) -> Any:
    """Give simulated levels as a gauge would report them, with rain as `known` has it."""
    rain = known["rain_mm"].transpose("time", "rain_gauge")
    whole = observe(simulated, rain, seed=seed)
    whole["rain_flag"] = known["rain_flag"].transpose("time", "rain_gauge").astype("int8")
    return check_observations(whole.assign_attrs(credit=CREDIT.credit, source=SIMULATED))


def _during_storm(data: Any) -> Any:
    """Tell which times belong to the drilled event; a stamp is the end of its hour."""
    return (data["time"] > utc64(STORM[0])) & (data["time"] <= utc64(STORM[1]))


def _write(observations: Observations, path: Path) -> None:
    packed = {name: {"zlib": True, "complevel": 1} for name in observations.data_vars}
    observations.to_netcdf(path, engine="netcdf4", encoding=packed)
