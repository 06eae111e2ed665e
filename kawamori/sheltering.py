"""What a cycle says of shelters beside who goes where: doors, staff, stock, people out of reach."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd

from advisory.types import Advice, Level
from forecasting.types import Exceedance
from hazard.chance import river_chances
from kawamori.city import City
from kawamori.closures import Closures
from kawamori.placement import Placement
from kawamori.shelter_rules import ShelterDesk
from kawamori.ways import Ways
from shelters.opening import OpeningChoice, opening_schedule
from shelters.stock import district_shortfall, shortfall_lines, stock_balance
from shelters.stranded import stranded


@dataclass(frozen=True, eq=False)
class Sheltering:
    """What a cycle says of shelters beside who goes where; frames as their makers give them."""

    openings: pd.DataFrame  # shelters.opening.OPENING_COLUMNS
    choice: OpeningChoice
    stock: pd.DataFrame  # shelters.stock.STOCK_COLUMNS
    shortfall: pd.DataFrame  # by district
    upper_floors: pd.DataFrame  # rejected shelters the officer may use above the water
    stranded: gpd.GeoDataFrame  # 避難困難地域: shelters.stranded.STRANDED_COLUMNS
    moves: pd.DataFrame | None  # against the plan people were told; None = nobody was told one


def sheltering(
    desk: ShelterDesk,
    city: City,
    placement: Placement | None,
    exceedance: Exceedance,
    advice: Sequence[Advice],
    *,
    ways: Ways,
    closed: Closures | None,
    leaving_min: float,
    scenario: str,
    issued_at: datetime,
) -> Sheltering | None:
    """Give what follows from a placement and the advice.

    Parameters
    ----------
    closed
        When roads close; None = nothing is known of roads, then time is up when a river overflows.
    leaving_min
        From the decision to the moment a household sets out.
    scenario
        Name of the water that was planned for.
    """
    if placement is None or city.shelters is None:
        return None
    allocation = placement.allocation
    balance = stock_balance(allocation, city.shelters, rules=desk.stock)
    spare = ways.spare_minutes(
        placement.people, placement.safe, closed=closed, leaving_min=leaving_min
    )
    left = _minutes_left(city, exceedance, leaving_min) if spare is None else {}
    return Sheltering(
        openings=opening_schedule(
            allocation, city.shelters, need_at=_need_at(advice, issued_at), rules=desk.opening
        ),
        choice=placement.choice,
        stock=balance,
        shortfall=district_shortfall(allocation, balance),
        upper_floors=placement.upper_floors,
        stranded=stranded(
            placement.people,
            placement.safe,
            placement.minutes,
            scenario=scenario,
            time_min=left,
            spare_min=spare,
        ),
        moves=placement.moves,
    )


def opening_rows(plan: Sheltering | None) -> list[dict[str, Any]]:
    """Give the rows of the opening plan for the page; a time of None is not known."""
    if plan is None:
        return []
    table = plan.openings.astype({"staff_call_by": object, "open_by": object})
    rows = table.where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def choice_words(plan: Sheltering | None) -> str:
    """Give how the shelters to open were chosen, and how sure that is."""
    if plan is None:
        return ""
    if not plan.choice.method.startswith("milp"):
        return "開設する避難所を絞れなかったため、使えるものをすべて開く"
    limited = "" if plan.choice.served is None else "職員の人数を限度に、"
    return f"{limited}歩く時間と職員が少なくなるように整数計画で選んだ"


def stock_lines(plan: Sheltering | None, names: Mapping[str, str]) -> list[str]:
    """Give the shortfall by district; one line where nobody knows any stock."""
    if plan is None:
        return []
    if len(plan.stock) and plan.stock["held"].isna().all():
        return ["備蓄の一覧がないため、水・食料・毛布・トイレ・冷房の過不足は不明"]
    return shortfall_lines(plan.shortfall, names)


def _need_at(advice: Sequence[Advice], issued_at: datetime) -> dict[str, datetime | None]:
    """Give when the people of each district begin to leave: the order's deadline, else now."""
    return {
        one.district_id: one.issue_by or (issued_at if one.level >= Level.ELDERLY else None)
        for one in advice
    }


def _minutes_left(city: City, exceedance: Exceedance, leaving_min: float) -> dict[str, float]:
    """Give the minutes a district has to walk, NaN = no overflow is likely or nothing is known.

    Time is up when the first of its rivers overflows with a probability of 10 %.
    """
    rivers = sorted({gauge.river for gauge in city.gauges})
    chances = river_chances(exceedance, rivers, city.gauges)
    early_h = chances["arrival_10_h"].groupby(level="river").min()
    of_gauge = {gauge.gauge_id: float(early_h[gauge.river]) for gauge in city.gauges}
    left = {}
    for district_id, gauge_ids in city.districts["gauge_ids"].items():
        hours = [of_gauge[key] for key in gauge_ids if math.isfinite(of_gauge.get(key, math.nan))]
        left[str(district_id)] = max(0.0, 60 * min(hours) - leaving_min) if hours else math.nan
    return left
