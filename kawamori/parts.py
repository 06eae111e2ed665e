"""Who of the people that leave walks slowly, needs help or goes by car: from what a city knows.

Counts by 町丁字 where the city has them (`assisted`, `elderly` of its buildings), else the share of
the district, else an assumption of the policy, which the page names as one (仮定).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kawamori.city import City

Floats = npt.NDArray[np.float64]
BLOCK = ["district_id", "block"]


@dataclass(frozen=True)
class Shares:
    """What is assumed where a city does not know, 0 to 1.

    `elderly` of those who are not assisted (they set out later), `assisted` of all (slowest),
    `by_car` of all others; cars only where some shelter's parking is known.
    """

    elderly: float = 0.0
    assisted: float = 0.0
    by_car: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values without sense."""
        if not all(0 <= share <= 1 for share in (self.elderly, self.assisted, self.by_car)):
            raise ValueError(f"shares must be 0 to 1, got {self}. Correct them.")


def with_parts(people: pd.DataFrame, city: City, shares: Shares) -> pd.DataFrame:
    """Give the people who leave with whole numbers of `elderly`, `assisted` and `cars` in each.

    `people` has district_id, block and people. What is already a column there is kept.
    """
    heads = people["people"].to_numpy(dtype=np.int64)
    assisted = heads * _share(people, city, "assisted", shares.assisted)
    table = people.assign(assisted=_whole(assisted, heads))
    rest = heads - table["assisted"].to_numpy()
    elderly = rest * _share(people, city, "elderly", shares.elderly)
    table["elderly"] = _whole(elderly, rest)
    left = rest - table["elderly"].to_numpy()
    table["cars"] = _whole(left * (shares.by_car if _has_parking(city) else 0.0), left)
    return table


def assumed_parts(city: City, shares: Shares) -> str:
    """Say which shares are assumed; "" = none is."""
    known = set() if city.buildings is None else set(city.buildings.columns)
    told = city.districts["assisted"].notna().any()
    words = []
    if "elderly" not in known and shares.elderly:
        words.append(f"高齢者 {shares.elderly:.0%}")
    if "assisted" not in known and not told and shares.assisted:
        words.append(f"支援の必要な人 {shares.assisted:.0%}")
    if shares.by_car and _has_parking(city):
        words.append(f"車で避難する人 {shares.by_car:.0%}")
    return f"避難する人の内訳は仮定: {'、'.join(words)} (assumed_parts)" if words else ""


def _share(people: pd.DataFrame, city: City, column: str, assumed: float) -> Floats:
    """Give the share of each row: of its block, else of its district, else the assumed one."""
    share = np.full(len(people), assumed)
    if column == "assisted":
        table: Any = city.districts
        told = table["assisted"].astype("Float64") / table["population"].astype("Float64")
        share = _filled(told.reindex(people["district_id"]), share)
    if city.buildings is not None and column in city.buildings:
        homes: Any = city.buildings[[*BLOCK, "people", column]]
        sums = homes.groupby(BLOCK)[["people", column]].sum(min_count=1)
        told = sums[column] / sums["people"].where(sums["people"] > 0)
        share = _filled(told.reindex(pd.MultiIndex.from_frame(people[BLOCK])), share)
    return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float64)


def _filled(told: Any, share: Floats) -> Floats:
    known = told.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(np.where(np.isfinite(known), known, share))


def _whole(parts: Floats, most: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give whole numbers whose running sum is that of the parts, rounded; none above `most`."""
    sums = np.rint(np.concatenate([[0.0], np.cumsum(parts)]).round(6))
    return np.asarray(np.clip(np.diff(sums), 0, most).astype(np.int64))


def _has_parking(city: City) -> bool:
    if city.shelters is None or "parking" not in city.shelters:
        return False
    return bool((city.shelters["parking"].fillna(0) > 0).any())
