"""Shelters of the fictional town, written as a 自治体標準オープンデータセット list."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter

from kawamori.city import read_toml
from kawamori.town.plan import PLAN, Floats, Plan
from kawamori.town.terrain import Terrain

APART_M = 450.0  # no two shelters nearer than this
REACH_M = 500.0  # people within this, east, north, south or west, count as near
HEADER = (
    "全国地方公共団体コード", "ID", "名称", "名称_カナ", "名称_英字",
    "所在地_全国地方公共団体コード", "町字ID", "所在地_連結表記", "所在地_都道府県",
    "所在地_市区町村", "所在地_町字", "所在地_番地以下", "建物名等(方書)", "緯度", "経度",
    "標高", "電話番号", "内線番号", "連絡先メールアドレス", "連絡先FormURL",
    "連絡先備考（その他、SNSなど）", "郵便番号", "市区町村コード", "地方公共団体名",
    "災害種別_洪水", "災害種別_崖崩れ、土石流及び地滑り", "災害種別_高潮", "災害種別_地震",
    "災害種別_津波", "災害種別_大規模な火事", "災害種別_内水氾濫", "災害種別_火山現象",
    "指定避難所との重複", "想定収容人数", "対象となる町会・自治会", "URL", "画像",
    "画像_ライセンス", "備考",
)  # fmt: skip
CODE, PREFECTURE, TOWN = "999999", "架空県", "川守町"


@dataclass(frozen=True)
class ShelterSite:
    """A shelter on its terrain cell; `flood` = designated for floods."""

    shelter_id: str
    name: str
    district_id: str
    capacity: int
    flood: bool
    cell: int
    place_m: tuple[float, float]
    elevation_m: float


def place_shelters(
    terrain: Terrain,
    buildings: pd.DataFrame,
    *,
    worst_m: Floats,
    likely_m: Floats,
    folder: Path = PLAN,
) -> tuple[ShelterSite, ...]:
    """Give each planned shelter a cell that has buildings, near people, high or low as planned.

    `buildings` needs `cell`, `people` and `district_id`; `worst_m` is the largest conceivable
    depth and `likely_m` that of a flood that may well come, by terrain cell. A shelter whose
    `flood` is not planned is designated for floods where it stays dry.
    """
    centres_m, elevation_m = terrain.centres_m(), terrain.elevation_m.ravel()
    building_cells, districts = buildings["cell"].to_numpy(), buildings["district_id"].to_numpy()
    people = buildings["people"].to_numpy()
    living = np.bincount(building_cells, people, len(elevation_m))
    reach = 2 * round(REACH_M / terrain.cell_m) + 1
    near = uniform_filter(living.reshape(terrain.elevation_m.shape), reach).ravel()[building_cells]
    sites: list[ShelterSite] = []
    for number, row in enumerate(read_toml(folder / "shelters.toml")["shelter"], start=1):
        own = np.flatnonzero(districts == row["district_id"])
        cells = building_cells[own]
        score = near[own].copy()
        if row["place"] == "low":
            score *= np.clip(likely_m[cells] - 0.2, 0, 0.8)
        else:
            score /= 1 + 1000 * worst_m[cells]
        taken = np.array([site.place_m for site in sites]).reshape(-1, 2)
        for other in taken:
            score[np.hypot(*(centres_m[cells] - other).T) < APART_M] = -1
        cell = int(cells[score.argmax()])
        east, north = (float(value) for value in centres_m[cell])
        sites.append(
            ShelterSite(
                shelter_id=f"E99999{number:03d}",
                name=row["name"],
                district_id=row["district_id"],
                capacity=row["capacity"],
                flood=row.get("flood", bool(worst_m[cell] == 0)),
                cell=cell,
                place_m=(east, north),
                elevation_m=float(elevation_m[cell]),
            )
        )
    return tuple(sites)


def write_shelter_list(path: Path, plan: Plan, sites: tuple[ShelterSite, ...]) -> None:
    """Write the list as cities publish it: UTF-8 with BOM, flags 1 or empty."""
    names = {district.district_id: district.name for district in plan.districts}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADER, restval="", lineterminator="\r\n")
        writer.writeheader()
        for site in sites:
            lon, lat = plan.lonlat((site.place_m[0] / 1000, site.place_m[1] / 1000))
            area = names[site.district_id]
            hall = "公園" not in site.name
            writer.writerow(
                {
                    "全国地方公共団体コード": CODE,
                    "ID": site.shelter_id,
                    "名称": site.name,
                    "所在地_連結表記": f"{PREFECTURE}{TOWN}{area}",
                    "所在地_都道府県": PREFECTURE,
                    "所在地_市区町村": TOWN,
                    "所在地_町字": area,
                    "緯度": f"{lat:.7f}",
                    "経度": f"{lon:.7f}",
                    "標高": f"{site.elevation_m:.1f}",
                    "市区町村コード": CODE,
                    "地方公共団体名": f"{PREFECTURE}{TOWN}",
                    "災害種別_洪水": "1" if site.flood else "",
                    "災害種別_崖崩れ、土石流及び地滑り": "1" if hall else "",
                    "災害種別_地震": "1",
                    "災害種別_大規模な火事": "1",
                    "災害種別_内水氾濫": "1" if site.flood else "",
                    "指定避難所との重複": "1" if hall else "",
                    "想定収容人数": str(site.capacity),
                    "備考": "架空の施設（模擬）",
                }
            )
