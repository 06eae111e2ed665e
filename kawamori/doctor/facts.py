"""A bundle that reads without a fault and yet cannot be right: ids, places, levels, series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from forecasting.types import Gauge, Observations
from kawamori.cities import with_assisted
from kawamori.city import City, read_toml
from kawamori.city_facts import OWN_KEYS
from kawamori.doctor.finding import Finding, Found, Patient, ok, red, unknown
from kawamori.drill import read_series
from kawamori.policies import read_policy
from kawamori.shelter_rules import open_shelters
from kawamori.ways import read_speeds

FAR_KM = 30.0  # a station may stand upstream of the city, a shelter beside it
FAR_STATION_KM = 150.0
ABOVE_M = 10.0  # over all that was measured: a threshold of another unit or zero
DAYS_MIN = 60  # of a series that shows hardly a flood
NAMED = 5
BEYOND_DEG = 3.0  # of the zone: distances are off by about one in a thousand
UPPER = {"judgment", "danger", "overflow"}
DEGREE_KM = 111.2


def facts(patient: Patient, city_id: str) -> Found:
    """Hold the files of a bundle against each other and against the ground."""
    try:
        city = patient.city(city_id)
    except (ValueError, OSError):
        return  # its own check says it
    lines = [line for look in LOOKS for line in look(city, city_id)]
    lines += _rules(patient, city, city_id)
    yield from lines
    if not any(line.state == "red" for line in lines):
        yield ok(f"{city_id} facts", "ids, places, levels and series fit each other")


def _names(city: City, city_id: str) -> Found:
    """Tell keys that nothing reads, an id that is not the folder's, names that come twice."""
    if strange := sorted(set(read_toml(city.folder / "city.toml")) - OWN_KEYS):
        yield red(f"{city_id} city.toml", f"keys that nothing reads: {_some(strange)}",
                  f"Correct or remove them; known are {', '.join(sorted(OWN_KEYS))}.")  # fmt: skip
    if city.city_id != city_id:
        yield red(f"{city_id} city_id", f"it is {city.city_id!r} and its folder {city_id!r}: "
                  "no cycle runs", "Name both alike.")  # fmt: skip
    if not len(city.districts):
        yield red(f"{city_id} districts", "there are none: nobody is advised anything",
                  f"kawamori city import {city_id} --districts FILE (docs/city.md)")  # fmt: skip
    names = city.districts["name"]
    if twice := sorted(set(names[names.duplicated()])):
        yield red(f"{city_id} districts", f"the same name more than once: {_some(twice)}",
                  "Orders and texts name districts: give each its own name.")  # fmt: skip


def _links(city: City, city_id: str) -> Found:
    """Tell ids that name no station, and districts that no gauge watches."""
    gauges = {gauge.gauge_id for gauge in city.gauges}
    rains = {gauge.rain_gauge_id for gauge in city.rain_gauges}
    watched = city.districts["gauge_ids"].map(list)
    strange = [f"{name}: {one}" for name, ids in watched.items() for one in ids
               if one not in gauges]  # fmt: skip
    strange += [f"{gauge.gauge_id}: {one}" for gauge in city.gauges
                for one in gauge.upstream if one not in gauges]  # fmt: skip
    strange += [f"{gauge.gauge_id}: {one}" for gauge in city.gauges
                for one in gauge.rain_gauges if one not in rains]  # fmt: skip
    if strange:
        yield red(f"{city_id} stations", f"ids that gauges.toml does not have: {_some(strange)}",
                  "Correct gauge_ids of districts.parquet, upstream and rain_gauges of "
                  "gauges.toml, or add the station.")  # fmt: skip
    if bare := [str(name) for name, ids in watched.items() if not ids]:
        yield unknown(f"{city_id} districts without gauge",
                      f"{_some(bare)}: their advice is UNKNOWN unless a telegram speaks",
                      "Name in gauge_ids what stands for them, or watch them by eye.")  # fmt: skip


def _places(city: City, city_id: str) -> Found:
    """Tell what lies far from the city: swapped, of another datum, or another city's list."""
    west, south, east, north = city.districts.total_bounds
    box = (west, south, east, north)
    far = [one.gauge_id for one in city.gauges if _km(one.lon, one.lat, box) > FAR_STATION_KM]
    far += [one.rain_gauge_id for one in city.rain_gauges
            if _km(one.lon, one.lat, box) > FAR_STATION_KM]  # fmt: skip
    if far:
        yield red(f"{city_id} stations far away",
                  f"more than {FAR_STATION_KM:g} km from every district: {_some(far)}",
                  "Correct lon and lat in gauges.toml (degrees, JGD2011).")  # fmt: skip
    if city.shelters is not None and len(city.shelters):
        off = _km(city.shelters.geometry.x.to_numpy(), city.shelters.geometry.y.to_numpy(), box)
        lost = [str(name) for name in city.shelters.index[off > FAR_KM]]
        if lost:
            yield red(f"{city_id} shelters",
                      f"{len(lost)} of {len(city.shelters)} lie more than {FAR_KM:g} km from the "
                      f"city: {_some(lost)}", "Read the list of this city (--city NAME), and look "
                      "whether its columns of lat and lon are swapped.")  # fmt: skip
    if fault := _crs_fault(city):
        yield red(f"{city_id} crs", fault, "Name the city's 平面直角座標系 in city.toml: "
                  "distances and areas are wrong in another.")  # fmt: skip


def _levels(city: City, city_id: str) -> Found:
    """Tell gauges whose levels cannot give a level of warning, and a series that cannot teach."""
    bare = [one.gauge_id for one in city.gauges if not one.thresholds.items()]
    if bare:
        yield red(f"{city_id} thresholds", f"none at all: {_some(bare)}: their districts stay "
                  "UNKNOWN", "Write those of the river manager into gauges.toml.")  # fmt: skip
    known_of = {one.gauge_id: {name for name, _ in one.thresholds.items()} for one in city.gauges}
    if low := [name for name, there in known_of.items() if there and not UPPER & there]:
        told = f"no 避難判断水位 or above: {_some(low)}: their water tells no level 3 or above"
        yield unknown(f"{city_id} upper thresholds", told,
                      "Write those of the river manager, where there are any.")  # fmt: skip
    check = f"{city_id} series"
    try:
        series = read_series(city.folder / "observations.nc")
    except (ValueError, OSError) as error:
        yield red(check, f"no cycle can run: {error}", "Make observations.nc: kawamori city "
                  f"import {city_id} --series FILE.csv (docs/city.md).")  # fmt: skip
        return
    known = set(map(str, series["gauge"].values[series["level_m"].notnull().any("time").values]))
    if lacking := [one.gauge_id for one in city.gauges if one.gauge_id not in known]:
        yield red(check, f"no level of {_some(lacking)}: nothing is forecast for them",
                  "Add their readings to observations.nc, then: kawamori learn CITY")  # fmt: skip
    days = float(np.ptp(series["time"].values) / np.timedelta64(1, "D"))
    if days < DAYS_MIN:
        yield unknown(check, f"{days:.0f} days: few floods to learn from",
                      "Add years of readings; until then mistrust the forecasts.")  # fmt: skip
    for gauge in city.gauges:
        if gauge.gauge_id in known and (fault := _zero_fault(gauge, series)):
            yield red(f"{city_id} zero of {gauge.gauge_id}", fault, "Thresholds and readings must "
                      "both be metres above the gauge's zero: see unit and datum.")  # fmt: skip


def _zero_fault(gauge: Gauge, series: Observations) -> str:
    """Give why thresholds and measured levels cannot be of one zero and unit; "" = they may."""
    levels = [level for _, level in gauge.thresholds.items()]
    if not levels:
        return ""
    measured = series["level_m"].sel(gauge=gauge.gauge_id).values
    middle, most = float(np.nanmedian(measured)), float(np.nanmax(measured))
    told = f"thresholds {levels[0]:g} to {levels[-1]:g} m, measured {middle:.2f} m on a usual day"
    if levels[0] > most + ABOVE_M:
        return f"{told} and {most:.2f} m at most: they are never reached"
    return f"{told}: it is over them always" if levels[-1] < middle else ""


def _rules(patient: Patient, city: City, city_id: str) -> Iterator[Finding]:
    """Try what else a cycle reads: the city's own rules and the counts of assisted people."""
    settings = patient.settings
    tries: dict[str, Callable[[], Any]] = {
        "sheltering.toml": lambda: open_shelters(city),
        "travel.toml": lambda: read_speeds(read_policy(settings).clearance, city.folder),
    }
    if (path := settings.assisted) is not None:
        tries["KAWAMORI_ASSISTED"] = lambda: with_assisted(city, path)
    for name, read in tries.items():
        try:
            read()
        except (ValueError, OSError, KeyError) as error:
            yield red(f"{city_id} {name}", f"no cycle runs: {error}",
                      f"Correct {name} (data/README.md).")  # fmt: skip


def _crs_fault(city: City) -> str:
    from pyproj import CRS

    area = CRS.from_user_input(city.crs).area_of_use
    west, south, east, north = city.districts.total_bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    if area is None or (
        area.west - BEYOND_DEG <= lon <= area.east + BEYOND_DEG
        and area.south - BEYOND_DEG <= lat <= area.north + BEYOND_DEG
    ):
        return ""
    return (
        f"{city.crs} is made for {area.name.split('.')[0]}, the city lies at {lon:.2f}, {lat:.2f}"
    )


def _km(lon: Any, lat: Any, box: tuple[float, float, float, float]) -> Any:
    """Give about how far a place lies outside a box of degrees; NaN = not known where. [km]"""
    west, south, east, north = box
    aside = np.maximum(np.maximum(west - np.asarray(lon), np.asarray(lon) - east), 0.0)
    above = np.maximum(np.maximum(south - np.asarray(lat), np.asarray(lat) - north), 0.0)
    return DEGREE_KM * np.hypot(aside * np.cos(np.radians((south + north) / 2)), above)


def _some(items: Iterable[str]) -> str:
    known = list(items)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more


LOOKS: tuple[Callable[[City, str], Found], ...] = (_names, _links, _places, _levels)
