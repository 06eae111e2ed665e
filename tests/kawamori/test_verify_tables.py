"""Tables for people: a few leads, means of peaks, a dash where nothing is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.verification.judge import COLUMNS
from kawamori.verify_tables import shown_leads, tables_of


def scores(*rows: dict) -> pd.DataFrame:
    common = {"suite": "s", "rain": "none", "outage": "none", "model": "m", "gauge": "g"}
    return pd.DataFrame([{**common, **row} for row in rows], columns=list(COLUMNS))


def test_the_usual_leads_are_shown_or_else_first_middle_and_last():
    assert shown_leads([1.0, 2.0, 3.0, 6.0]) == [1.0, 3.0, 6.0]
    assert shown_leads([0.5, 0.25, 0.75]) == [0.25, 0.5, 0.75]
    assert shown_leads([2.0]) == [2.0]


def test_a_score_is_shown_by_lead_and_an_unknown_one_is_a_dash():
    (table,) = tables_of(
        scores({"lead_h": 1.0, "score": "skill", "value": 0.714},
               {"lead_h": 3.0, "score": "skill", "value": 0.5},
               {"lead_h": 1.0, "score": "skill", "value": 0.1, "model": "n"}),
        "s",
    )  # fmt: skip
    assert table.columns == ("1 h", "3 h")
    assert table.heads == (("skill", 2),)
    assert table.rows == (
        (("m", "雨予測なし"), ("0.71", "0.50")),
        (("n", "雨予測なし"), ("0.10", "–")),
    )


def test_peaks_are_means_of_absolute_errors_over_the_floods():
    rows = [
        {"lead_h": 1.0, "score": "peak_error", "flood": name, "value": value}
        for name, value in (("a", -0.2), ("b", 0.1))  # (0.2 + 0.1) / 2 = 0.15
    ]
    (table,) = tables_of(scores(*rows), "s")
    assert table.title == "ピーク"
    assert table.rows[0][1][0] == "0.15"


def test_levels_that_no_flood_reached_have_no_warning_table():
    rows = [{"threshold": "danger", "score": "crossings", "value": 0.0}]
    at = {"lead_h": 1.0, "score": "csi", "threshold": "danger", "value": np.nan}
    assert tables_of(scores(*rows, at), "s") == []


def test_reached_levels_are_named_officially_with_their_counts():
    rows = [
        {"threshold": "danger", "score": "crossings", "value": 3.0},
        {"threshold": "danger", "score": "warned_crossings", "value": 2.0},
        {"threshold": "danger", "score": "warning_lead_h", "value": 1.5},
        {"threshold": "danger", "score": "pod", "value": 0.5, "lead_h": 1.0},
    ]
    (table,) = tables_of(scores(*rows), "s")
    assert table.heads == (("氾濫危険", 6),)
    assert table.rows[0][1] == ("0.50", "–", "–", "1.50", "2", "3")


def test_an_outage_is_shown_beside_its_input():
    row = {"outage": "stage_3h", "score": "available", "lead_h": 1.0, "value": 1.0}
    (table,) = tables_of(scores(row, {"lead_h": 1.0, "score": "rmse_m", "value": 1.0}), "s")
    assert table.rows[0][0] == ("水位 3 時間 欠測", "m", "雨予測なし")


def test_the_models_of_one_outage_stand_together_in_the_order_they_were_run():
    at = {"score": "available", "lead_h": 1.0, "value": 1.0}
    whole = [{"score": "n", "lead_h": 1.0, "value": 9.0, "model": name} for name in ("b", "a")]
    out = [{**at, "outage": outage, "model": name}
           for name in ("a", "b") for outage in ("stage_3h", "rain_6h")]  # fmt: skip
    (table,) = tables_of(scores(*whole, *out), "s")
    assert [labels[:2] for labels, _ in table.rows] == [
        ("水位 3 時間 欠測", "b"), ("水位 3 時間 欠測", "a"),
        ("観測雨 6 時間 欠測", "b"), ("観測雨 6 時間 欠測", "a"),
    ]  # fmt: skip
