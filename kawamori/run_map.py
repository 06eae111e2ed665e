"""The map of one run: what the shelter map shows, filled from the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from advisory.types import Advice, Level
from hazard.landslide import landslide_layer
from hazard.types import DYNAMIC, DYNAMIC_MEDIAN
from kawamori import words
from kawamori.grounded import reported_roads
from kawamori.out_of_reach import SCENARIO_WORDS
from kawamori.run import Run
from kawamori.situation import GaugeRow, gauge_rows
from shelters.maps import MapWater, build_map, data_script, map_data

DYNAMIC_WORDS = {DYNAMIC_MEDIAN: "中央値", DYNAMIC: "高め95%"}
MAP_FILES = ("leaflet.js", "leaflet.css")
MAP_PAGE, MAP_DATA = "map.html", "map-data.js"


def has_place(run: Run) -> bool:
    """Tell whether any district has a known place; without one there is nothing to draw."""
    return bool(run.city.districts.geometry.notna().any())


def write_map(run: Run, folder: Path) -> None:
    """Write the map page and its data into `folder`; `assets/` beside them holds `MAP_FILES`."""
    data = map_data(
        title=f"{'【訓練】' if run.drill else ''}{run.city.name} 避難所地図",
        issued=f"基準時刻 {words.stamp(run.issued_at)} JST",
        districts=_districts(run),
        layer=run.layer,
        others=_others(run),
        gauges=_gauges(run),
        shelters=run.city.shelters,
        allocation=run.allocation,
        routes=run.routes,
        roads=run.city.roads,
        closed=run.closed,
        reported=reported_roads(run.ground, run.city),
        stranded=None if run.sheltering is None else run.sheltering.stranded,
        out_of_reach=_out_of_reach(run),
        notes=run.city.notes,
        credits=run.city.credits,
    )
    west, south, east, north = run.city.districts.total_bounds
    page = build_map(((west + east) / 2, (south + north) / 2), data_file=MAP_DATA)
    (folder / MAP_DATA).write_text(data_script(data), encoding="utf-8")
    (folder / MAP_PAGE).write_text(page.get_root().render(), encoding="utf-8")


def _others(run: Run) -> list[MapWater]:
    """Give water and dangers beside the official flood; what is in play now is shown at first."""
    found = [
        MapWater(
            name=f"計算浸水 予測の{DYNAMIC_WORDS[one.scenario]} (公式の想定ではない)",
            layer=one.layer,
            shown=run.layer is None or one.scenario == DYNAMIC_MEDIAN,
        )
        for one in run.dynamic
    ]
    city = run.city
    if city.inland is not None and len(city.inland):
        applies = run.inland is not None and bool(run.inland.where(True))
        now = "いま該当する地区あり" if applies else "いま該当なし"
        found.append(MapWater(f"内水・小河川 ({now})", city.inland, shown=applies))
    if city.landslide is not None and len(city.landslide):
        applies = run.landslide is not None and bool(run.landslide.where(True))
        layer = landslide_layer(city.landslide)
        found.append(MapWater("土砂災害警戒区域", layer, shown=applies))
    if city.tsunami is not None and len(city.tsunami):
        areas = city.tsunami.assign(river="津波浸水想定", collapse_zone=None)
        found.append(MapWater("津波浸水想定 (参考: 判断には使わない)", areas))
    return found


def _out_of_reach(run: Run) -> list[tuple[str, Any]]:
    """Give 避難困難地域 of each official flood by its name."""
    table = run.out_of_reach
    if table is None or not len(table):
        return []
    return [
        (SCENARIO_WORDS.get(str(scenario), str(scenario)), rows)
        for scenario, rows in table.groupby("scenario", sort=False)
    ]


def _districts(run: Run) -> Any:
    """Give the districts with the level advised; one without advice is UNKNOWN."""
    advice = {item.district_id: item for item in run.advice}
    found = [advice.get(str(key)) for key in run.city.districts.index]
    return run.city.districts.assign(
        level=[int(item.level if item else Level.UNKNOWN) for item in found],
        lines=[_lines(item) for item in found],
    )


def _lines(item: Advice | None) -> list[str]:
    if item is None:
        return ["助言なし(不明)"]
    lines = [f"立退きが必要 {words.people(item.people.must_leave, item.people.partial)}"]
    if item.issue_by is not None:
        lines.append(f"発令期限 {words.clock(item.issue_by)}")
    return lines


def _gauges(run: Run) -> pd.DataFrame:
    columns = ["name", "river", "lon", "lat", "state", "lines"]
    rows = [_gauge(row) for row in gauge_rows(run)]
    return pd.DataFrame(rows, columns=columns)


def _gauge(row: GaugeRow) -> dict[str, Any]:
    calm = row.reached or "normal"
    gauge = row.gauge
    level_m = row.state.level_m if row.state else None
    age = "データなし" if row.age_min is None else f"{words.duration(row.age_min)}前"
    return {
        "name": gauge.name,
        "river": gauge.river,
        "lon": gauge.lon,
        "lat": gauge.lat,
        "state": "unknown" if row.level is Level.UNKNOWN or row.old else calm,
        "lines": [f"水位 {words.metres(level_m)} m({age})"],
    }
