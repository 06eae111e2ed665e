"""One page and one small picture for every district that sends people to shelters.

They are for paper and messages, so they hold no forecast and no level: the official flood areas,
where to go and by which way. Until an officer approves them they are drafts (案).
"""

from __future__ import annotations

import base64
import dataclasses
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import ImageFont

from kawamori import words
from kawamori.run import Run
from shelters.picture import Place, Scene, Way, draw, extent_m
from shelters.plane import points_in_metres
from shelters.symbols import depth_symbol
from shelters.way_features import MAIN_KINDS

PAGES = "districts"  # their folder in a report
# Installed fonts with Japanese, the house font first; Pillow looks in the folders of the system.
FONTS = (
    "BIZUDPGothic-Regular.ttf", "BIZ-UDPGothicR.ttc", "BIZ-UDGothicR.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.ttf", "YuGothM.ttc", "meiryo.ttc",
    "ipagp.ttf", "ヒラギノ角ゴシック W3.ttc",
)  # fmt: skip
BLOCKS_SHOWN = 12
ROWS_SHOWN = 14  # of the table: the rest are named below it, so that a page stays one sheet
DENSE_ROWS = 4  # from more than these on the print is smaller
FAR_M = 12_000.0  # a wider picture shows main roads only: small ones would blur it


@dataclass(frozen=True)
class Row:
    """A shelter of a district as its page lists it."""

    number: int
    name: str
    address: str
    blocks: str
    way: str


@dataclass(frozen=True)
class DistrictPage:
    """What was written for a district; `stem` is the file name without ending."""

    district_id: str
    name: str
    stem: str


def write_district_pages(run: Run, folder: Path) -> list[DistrictPage]:
    """Write STEM.html and STEM.png of every district with people to place into `folder`."""
    if run.allocation is None or run.city.shelters is None:
        return []
    plane = _Plane.of(run)
    pages = []
    for position, district_id in enumerate(run.city.districts.index, 1):
        shape = run.city.districts.geometry.loc[district_id]
        groups = run.allocation.groups
        here = groups[groups["district_id"] == district_id]
        if here.empty or shape is None or shape.is_empty:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        stem = page_stem(position)
        rows = _rows(run, here)
        picture = draw(_scene(run, plane, str(district_id), rows), japanese_font())
        (folder / f"{stem}.png").write_bytes(picture)
        page = _html(run, str(district_id), rows, here, picture)
        (folder / f"{stem}.html").write_text(page, encoding="utf-8")
        pages.append(DistrictPage(str(district_id), _name(run, str(district_id)), stem))
    return pages


def page_stem(position: int) -> str:
    """Give the file name, without ending, of the page of the city's n-th district (from 1)."""
    return f"district-{position:02d}"


@cache
def japanese_font() -> Any | None:
    """Give size -> font of the first installed Japanese font, None = there is none."""
    for name in FONTS:
        try:
            ImageFont.truetype(name, 12)
        except OSError:
            continue
        return cache(lambda size, name=name: ImageFont.truetype(name, size))
    return None


@dataclass(frozen=True, eq=False)
class _Plane:
    """Everything a picture may show, in metres, once for all districts."""

    districts: Any
    water: Any  # geometry, fill
    roads: Any  # geometry, main

    @classmethod
    def of(cls, run: Run) -> _Plane:
        city = run.city
        water = gpd.GeoDataFrame({"fill": []}, geometry=[], crs=city.crs)
        if city.layers is not None and len(city.layers):
            wet = city.layers[city.layers["depth_max_m"].notna()].sort_values("depth_max_m")
            fills = [depth_symbol(r.depth_min_m, r.depth_max_m, None)["fill"]
                     for r in wet.itertuples()]  # fmt: skip
            water = wet[["geometry"]].assign(fill=fills).to_crs(city.crs)
        roads = gpd.GeoDataFrame({"main": []}, geometry=[], crs=city.crs)
        if city.roads is not None and len(city.roads):
            kinds = city.roads["kind"] if "kind" in city.roads else pd.Series("", city.roads.index)
            main = kinds.isin(MAIN_KINDS).to_numpy()
            roads = city.roads[["geometry"]].assign(main=main).to_crs(city.crs)
        return cls(city.districts.geometry.to_crs(city.crs), water, roads)


def _scene(run: Run, plane: _Plane, district_id: str, rows: dict[str, Row]) -> Scene:
    bare = Scene(
        title=_title(run, district_id),
        subtitle=f"基準時刻 {words.stamp(run.issued_at)} JST (案: 職員の確認前)",
        foot=_foot(run),
        district=plane.districts.loc[district_id],
        neighbours=(),
        water=(),
        roads=(),
        ways=_ways(run, district_id),
        places=_places(run, rows),
    )
    extent = extent_m(bare)
    water, roads = (_clipped(frame, extent) for frame in (plane.water, plane.roads))
    if extent[2] - extent[0] > FAR_M and roads["main"].any():
        roads = roads[roads["main"]]
    others = plane.districts.drop(district_id)
    near = others.iloc[others.sindex.query(shapely.box(*extent))]
    return dataclasses.replace(
        bare,
        neighbours=tuple(near),
        water=tuple(zip(water.geometry, water["fill"], strict=True)),
        roads=tuple(zip(roads.geometry, roads["main"].astype(bool), strict=True)),
    )


def _clipped(frame: Any, extent: tuple[float, float, float, float]) -> Any:
    near = frame.iloc[np.sort(frame.sindex.query(shapely.box(*extent)))]
    return near.assign(geometry=near.geometry.clip_by_rect(*extent))


def _ways(run: Run, district_id: str) -> tuple[Way, ...]:
    if run.routes is None:
        return ()
    here = run.routes[run.routes["district_id"] == district_id].to_crs(run.city.crs)
    return tuple(
        Way(shapely.get_coordinates(row.geometry), bool(row.on_roads), row.traveller == "car")
        for row in here.itertuples()
    )


def _places(run: Run, rows: dict[str, Row]) -> tuple[Place, ...]:
    sites: Any = run.city.shelters
    points = points_in_metres(sites.geometry.loc[list(rows)].array, run.city.crs)
    return tuple(
        Place(row.number, row.name, float(east), float(north))
        for row, (east, north) in zip(rows.values(), points, strict=True)
    )


def _rows(run: Run, groups: pd.DataFrame) -> dict[str, Row]:
    """Give the shelters of a district, the one with most of its people first."""
    placed = groups[groups["shelter_id"].notna()]
    totals = placed.groupby("shelter_id")["people"].sum()
    sites: Any = run.city.shelters
    found = {}
    order = sorted(totals.items(), key=lambda item: (-item[1], str(item[0])))
    for number, (key, _) in enumerate(order, 1):
        some = placed[placed["shelter_id"] == key].sort_values("people", ascending=False)
        site = sites.loc[key]
        names = list(dict.fromkeys(str(block) for block in some["block"]))
        more = f" ほか{len(names) - BLOCKS_SHOWN}" if len(names) > BLOCKS_SHOWN else ""
        found[str(key)] = Row(
            number=number,
            name=str(site["name"]),
            address=str(site["address"]),
            blocks="、".join(names[:BLOCKS_SHOWN]) + more,
            way=_way_words(some),
        )
    return found


def _way_words(groups: pd.DataFrame) -> str:
    """Give the minutes of the nearest and the farthest who go there, walkers before cars."""
    found = []
    for word, by_car in (("徒歩", False), ("車", True)):
        minutes = groups.loc[(groups["traveller"] == "car") == by_car, "minutes"].dropna()
        if len(minutes):
            least, most = (max(1, math.ceil(value)) for value in (minutes.min(), minutes.max()))
            span = f"{least}分" if least == most else f"{least}〜{most}分"
            found.append(f"{word} 約{span}")
    return "、".join(found)


def _html(
    run: Run, district_id: str, rows: dict[str, Row], groups: pd.DataFrame, picture: bytes
) -> str:
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined
    )
    left = groups[groups["shelter_id"].isna()].groupby("reason")["people"].sum()
    return environment.get_template("district.html").render(
        title=_title(run, district_id),
        drill=run.drill,
        issued=words.stamp(run.issued_at),
        picture=base64.b64encode(picture).decode("ascii"),
        rows=list(rows.values())[:ROWS_SHOWN],
        others=[f"{row.number} {row.name}" for row in list(rows.values())[ROWS_SHOWN:]],
        dense=len(rows) > DENSE_ROWS,
        left=[(str(why), int(people)) for why, people in left.items()],
        straight=bool(len(_ways(run, district_id)))
        and not any(way.on_roads for way in _ways(run, district_id)),
        notes=run.city.notes,
        credits=run.city.credits,
    )


def _title(run: Run, district_id: str) -> str:
    return (
        f"{'【訓練】' if run.drill else ''}{run.city.name} {_name(run, district_id)} 避難先の案内"
    )


def _name(run: Run, district_id: str) -> str:
    return str(run.city.districts["name"].loc[district_id])


def _foot(run: Run) -> tuple[str, ...]:
    layers = run.city.layers
    stand_in = layers is not None and bool(layers["stand_in"].any())
    water = "色=浸水想定(模式: 公式の図ではない)" if stand_in else "色=洪水浸水想定区域"
    return (
        f"緑の家形=避難先  青線=避難の道(破線=車、点線=直線)  {water}",
        "川沿い・橋・水のある道を避け、危険を感じたら近くの高い所へ。",
        f"出典: {'、'.join(run.city.credits)}",
    )
