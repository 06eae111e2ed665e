"""Map layers of a run as GeoJSON, at a time within its forecast; unknown is null.

Shapes come from the map data that was written with the report; what changes with time (how likely
the water is, how high the gauges stand) comes from the run. Geometry does not change with time, so
a map may ask for it once and then for properties alone. What a map asks for first, every layer at
the issue time, is written with the report; all else is made when somebody asks.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from advisory.types import Level
from hazard.chance import ALL_RIVERS
from hazard.types import SCENARIOS
from kawamori import words
from kawamori.charts import forecast_rows
from kawamori.map_layers_en import STAND_IN, to_english
from kawamori.run import Run
from kawamori.run_map import MAP_DATA
from kawamori.situation import gauge_rows
from kawamori.water_rows import CHOSEN_WORDS

Properties = dict[str, Any]
STORED = "layers-2"  # folder in a report; another number when what a layer tells changes
FACTS = ("bounds", "notes", "credits")  # of the map data, what its page shows beside the layers
LANGUAGES = ("ja", "en")
PACKED = 5  # level of gzip


@dataclass(frozen=True)
class Drawn:
    """A run with what was written of it: its record (run.json) and the data of its map."""

    run: Run
    record: Mapping[str, Any]
    map: Mapping[str, Any]  # {} = the run has no map

    def rows(self, key: str) -> list[dict[str, Any]]:
        """Give what the report's map drew under a key: water, districts, shelters, closed."""
        found: list[dict[str, Any]] = self.map.get(key, [])
        return found


@dataclass(frozen=True)
class Layer:
    """One layer: its name in Japanese, and how its features are made at a lead [h]."""

    word: str
    features: Callable[[Drawn, float], list[dict[str, Any]]]


def collection(
    drawn: Drawn, name: str, at: datetime, *, geometry: bool = True, language: str = "ja"
) -> bytes:
    """Give a layer as GeoJSON text.

    Parameters
    ----------
    at
        A time that `times` names.
    geometry
        False = features with their ids and properties only.
    language
        Of what the features say, one of LANGUAGES.

    Raises
    ------
    KeyError
        If there is no such layer.
    """
    lead_h = (at - drawn.run.issued_at) / timedelta(hours=1)
    features = LAYERS[name].features(drawn, lead_h)
    if language == "en":
        to_english(drawn, name, [feature["properties"] for feature in features], at)
    for number, feature in enumerate(features):
        feature |= {"type": "Feature", "id": number}
        if not geometry:
            feature["geometry"] = None
    made = {
        "type": "FeatureCollection",
        "run_id": drawn.run.run_id,
        "at": _utc(at),
        "features": features,
    }
    return json.dumps(made, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def packed(collected: bytes) -> bytes:
    """Give a layer as gzip, always the same for the same layer."""
    return gzip.compress(collected, PACKED, mtime=0)


def write_layers(run: Run, folder: Path) -> None:
    """Write every layer at the issue time, and what the map's page shows beside them.

    `folder` holds run.json and the map data.
    """
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    drawn = Drawn(run, record, read_map_data(folder))
    (folder / STORED).mkdir()
    for language in LANGUAGES:
        for name in LAYERS:
            made = collection(drawn, name, run.issued_at, language=language)
            stored_path(folder, name, language).write_bytes(packed(made))
    facts = {key: drawn.map[key] for key in FACTS}
    (folder / STORED / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), "utf-8")


def stored_path(folder: Path, name: str, language: str = "ja") -> Path:
    """Give where a layer at the issue time lies in a report, as gzip; older reports lack it."""
    end = "" if language == "ja" else f".{language}"
    return folder / STORED / f"{name}{end}.geojson.gz"


def read_facts(folder: Path) -> dict[str, Any]:
    """Give FACTS of a report's map; {} for a run without places."""
    path = folder / STORED / "facts.json"
    if path.is_file():
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return facts
    data = read_map_data(folder)
    return {key: data[key] for key in FACTS if key in data}


def read_map_data(folder: Path) -> dict[str, Any]:
    """Give the data of a report's map; {} for a run without places."""
    path = folder / MAP_DATA
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    begin, end = text.index("= {") + 2, text.rindex("}") + 1
    data: dict[str, Any] = json.loads(text[begin:end])
    return data


def times(run: Run) -> list[datetime]:
    """Give the times a layer can be asked for: the issue time and every lead of the forecast."""
    leads = run.forecast["lead"].values / np.timedelta64(1, "s")
    return [run.issued_at, *(run.issued_at + timedelta(seconds=float(lead)) for lead in leads)]


def _flood(drawn: Drawn, lead_h: float) -> list[dict[str, Any]]:
    end_h, chances = _chances(drawn, lead_h)
    end = drawn.run.issued_at + timedelta(hours=end_h)
    found = []
    for area in drawn.rows("water"):
        river = area.get("river") or area["name"].removesuffix(STAND_IN)
        scenario = area.get("scenario")
        chance = chances.get((river, scenario), chances.get((ALL_RIVERS, scenario)))
        lines = [CHOSEN_WORDS.get(scenario or "", "なし"), *area["lines"]][not scenario :]
        lines.append(f"{words.clock(end)}までに氾濫する確率 {words.percent(chance)}")
        told = {
            "scenario": scenario,
            "probability": chance,
            "until": _utc(end),
            "stand_in": area["standIn"],
        }
        found.append(_feature(area["geometry"], area["name"], lines, told))
    return found


def _chances(drawn: Drawn, lead_h: float) -> tuple[float, dict[tuple[str, str | None], Any]]:
    """Give the end [h] of the time band a lead falls in, and the chance of overflow until then.

    By river and scenario. A record without bands tells one chance of the whole horizon, scenario
    None.
    """
    outlook = drawn.record.get("outlook")
    if outlook is None or not outlook["chances"]:
        horizon_h = (times(drawn.run)[-1] - drawn.run.issued_at) / timedelta(hours=1)
        rows = drawn.record.get("layer") or []
        return horizon_h, {(row["river"], None): row.get("probability") for row in rows}
    ends = sorted({row["until_h"] for row in outlook["chances"]})
    end_h = next((end for end in ends if end >= lead_h - 1e-9), ends[-1])
    rows = [row for row in outlook["chances"] if row["until_h"] == end_h]
    chosen = {row["river"]: row["chosen"] for row in outlook["rivers"]}
    found: dict[tuple[str, str | None], Any] = {
        (row["river"], None): row.get(chosen[row["river"]]) for row in rows
    }
    return end_h, found | {(row["river"], name): row[name] for row in rows for name in SCENARIOS}


def _districts(drawn: Drawn, lead_h: float) -> list[dict[str, Any]]:
    advice = {item.district_id: item for item in drawn.run.advice}
    found = []
    # The map was drawn from the districts of the record, in their order.
    for area, district_id in zip(
        drawn.rows("districts"), map(str, drawn.run.city.districts.index), strict=False
    ):
        item = advice.get(district_id)
        level = area["level"]
        told = {
            "district_id": district_id,
            "level": None if level == Level.UNKNOWN else level,
            "issue_by": None if item is None or item.issue_by is None else _utc(item.issue_by),
            "lon": area["lon"],
            "lat": area["lat"],
        }
        found.append(_feature(area["geometry"], area["name"], area["lines"], told))
    return found


def _shelters(drawn: Drawn, lead_h: float) -> list[dict[str, Any]]:
    return [
        _feature(
            _point(place),
            place["name"],
            [line for line in (place.get("room"), *place["lines"]) if line],
            {
                "state": place["state"],
                "rank": place.get("rank"),
                "room_words": place.get("room") or "空き不明",
            },
        )
        for place in drawn.rows("shelters")
    ]


def _roads(drawn: Drawn, lead_h: float) -> list[dict[str, Any]]:
    return [
        _feature(
            roads["geometry"],
            roads["name"],
            [f"全体で{roads['count']}区間 (見込み)"],
            {"closed_to": roads["key"], "count": roads["count"]},
        )
        for roads in drawn.rows("closed")
    ]


def _gauges(drawn: Drawn, lead_h: float) -> list[dict[str, Any]]:
    """Give the gauges; after issue time the median forecast, whose band stands in the lines."""
    run = drawn.run
    at = run.issued_at + timedelta(hours=lead_h)
    found = []
    for row in gauge_rows(run):
        gauge = row.gauge
        if not (np.isfinite(gauge.lon) and np.isfinite(gauge.lat)):
            continue
        level_m = row.state.level_m if row.state else None
        lines = [f"現在 {words.metres(level_m)} m"]
        if lead_h > 0:
            ahead = {each.valid_time: each for each in forecast_rows(run, gauge)}.get(at)
            level_m = ahead.q50 if ahead else None
            low, high = (ahead.q05, ahead.q95) if ahead else (None, None)
            lines.append(f"{words.clock(at)}の予測 {words.metres(level_m)} m(90%の幅 "
                         f"{words.metres(low)}〜{words.metres(high)})")  # fmt: skip
        told = {
            "gauge_id": gauge.gauge_id,
            "river_name": gauge.river,
            "level_m": level_m,
            "state": _state(gauge.thresholds.items(), level_m, row.old and lead_h == 0),
        }
        found.append(_feature(_point({"lon": gauge.lon, "lat": gauge.lat}),
                              f"{gauge.name} ({gauge.river})", lines, told))  # fmt: skip
    return found


def _state(thresholds: list[tuple[str, float]], level_m: float | None, old: bool) -> str:
    if level_m is None or not thresholds or old:
        return "unknown"
    passed = [name for name, value in thresholds if level_m >= value]
    return passed[-1] if passed else "normal"


LAYERS: dict[str, Layer] = {
    "flood": Layer("浸水想定と氾濫の確率", _flood),
    "districts": Layer("地区の警戒レベル (助言)", _districts),
    "closed-roads": Layer("通れない道路・橋 (見込み)", _roads),
    "shelters": Layer("避難所 (残り人数)", _shelters),
    "gauges": Layer("水位観測所", _gauges),
}


def _feature(geometry: Any, name: str, lines: list[str], told: Properties) -> dict[str, Any]:
    return {"geometry": geometry, "properties": {"name": name, "lines": lines, **told}}


def _point(place: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [place["lon"], place["lat"]]}


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
