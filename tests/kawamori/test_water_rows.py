"""The water of a run as an officer reads it: by kind, by river, by time; unknown is never 0."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from kawamori.outlook import Outlook
from kawamori.record import plain
from kawamori.run import Run
from kawamori.water_rows import Count, depth_rows, people_rows, river_rows, water_kinds

COUNTS = ["people", "must_leave", "may_stay", "unknown", "buildings", "roads_cut"]


@pytest.fixture
def wet_run(made_run: Run) -> Run:
    """Give a run whose first district has 30 people in official and 45 in all water."""
    first, second = map(str, made_run.city.districts.index[:2])
    rows = {
        (first, "planned"): [20, 5, 15, 0, 2, 0],
        (first, "maximum"): [30, 10, 15, 5, 3, 0],
        (first, "combined"): [45, 20, 20, 5, 4, 0],
        (second, "planned"): [pd.NA] * 6,
        (second, "maximum"): [pd.NA] * 6,
        (second, "combined"): [pd.NA] * 6,
    }
    index = pd.MultiIndex.from_tuples(list(rows), names=["district_id", "scenario"])
    exposure = pd.DataFrame(list(rows.values()), index=index, columns=COUNTS).astype("Int64")
    exposure.attrs["partial"] = (first,)
    return dataclasses.replace(made_run, exposure=exposure, outlook=outlook(first))


def outlook(district_id: str) -> Outlook:
    """Give one river of known and one of unknown chance, and one district at two hours."""
    rivers = pd.DataFrame(
        {"chosen": ["planned", "maximum"], "probability": [0.2, np.nan],
         "unknown": [False, True], "proxy": [True, False], "alarmed": [False, False]},
        index=pd.Index(["甲川", "乙川"], name="river"),
    )  # fmt: skip
    ends = pd.MultiIndex.from_product([["甲川", "乙川"], [3.0, 6.0]], names=["river", "until_h"])
    chances = pd.DataFrame(
        {"planned": [0.1, 0.2, np.nan, np.nan], "maximum": [0.0, 0.05, np.nan, np.nan],
         "arrival_10_h": [2.0, 2.0, np.nan, np.nan], "arrival_50_h": [np.inf] * 2 + [np.nan] * 2},
        index=ends,
    )  # fmt: skip
    keys = pd.MultiIndex.from_product([[district_id], [3.0, 6.0]], names=["district_id", "until_h"])
    table = {"people": [12.2, np.nan], "at_least": [12.2, 7.0]}
    for depth in ("0.3", "0.5", "1", "3"):
        table |= {f"p_over_{depth}_m": [0.1, np.nan], f"people_over_{depth}_m": [0.0, np.nan]}
    return Outlook(rivers, chances, pd.DataFrame(table, index=keys))


def test_people_are_told_by_kind_and_the_whole_says_at_least(wet_run: Run) -> None:
    assert water_kinds(wet_run) == ["公式の浸水想定(選択分)", "合わせて(重複なし)"]
    first, second = people_rows(wet_run)[:2]
    # Of those who leave, 10 must and 5 live on unknown floors.
    assert first.counts == (Count(30, 15), Count(45, 25, partial=True))
    assert second.counts == (Count(None, None), Count(None, None))


def test_river_of_unknown_chance_comes_first_and_says_why(wet_run: Run) -> None:
    unknown, known = river_rows(wet_run)
    assert (unknown.name, unknown.probability) == ("乙川", None)
    assert "確率が不明" in unknown.why
    assert (known.chosen, known.why) == ("計画規模", "氾濫発生の確率が10%以上(氾濫危険水位で代用)")
    assert (known.early_min, known.median_min) == (120.0, np.inf)
    assert known.bands == ((3.0, 0.1, 0.0), (6.0, 0.2, 0.05))


def test_depths_round_people_up_and_keep_the_unknown(wet_run: Run) -> None:
    soon, late = depth_rows(wet_run)
    assert (soon.until_h, soon.people, soon.chances[0]) == (3.0, 13, 0.1)
    assert (late.people, late.at_least, late.chances) == (None, 7, (None,) * 4)


def test_run_without_areas_has_no_rows(bare_run: Run) -> None:
    assert (people_rows(bare_run), river_rows(bare_run), depth_rows(bare_run)) == ([], [], [])


def test_record_keeps_the_unknown_null(wet_run: Run) -> None:
    assert wet_run.outlook is not None
    record = plain(wet_run.outlook)
    assert record["districts"][1]["p_over_1_m"] is None
    assert record["rivers"][1]["probability"] is None
    assert record["chances"][0]["arrival_50_h"] == "inf"
