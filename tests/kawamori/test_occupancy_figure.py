"""The history of head counts is drawn; no list draws nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from kawamori.occupancy_figure import occupancy_figure
from shelters.occupancy import OCCUPANCY_COLUMNS


def test_a_history_with_an_unknown_count_is_drawn() -> None:
    rows = [
        (pd.Timestamp("2024-01-09T03:00Z"), "A", "学校", 5, 100),
        (pd.Timestamp("2024-01-10T03:00Z"), "A", "学校", pd.NA, 100),
        (pd.Timestamp("2024-01-11T03:00Z"), "A", "学校", 2, 100),
    ]
    table = pd.DataFrame(rows, columns=list(OCCUPANCY_COLUMNS)).astype(
        {"people": "Int64", "capacity": "Int64"}
    )
    assert occupancy_figure(table).startswith(b"\x89PNG")


def test_no_list_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one list of open shelters"):
        occupancy_figure(pd.DataFrame(columns=list(OCCUPANCY_COLUMNS)))
