"""Model health: figures that can be worked out by hand, and a page that says what is not known."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from kawamori.console.models_view import skill_by_lead
from kawamori.console.situation_records import Record


@dataclasses.dataclass(frozen=True)
class Seen:
    """As much of a record as the figures need."""

    run: object


def test_forecast_is_held_against_what_a_later_run_observed(made_run, later) -> None:
    after = dataclasses.replace(
        made_run, observations=later, issued_at=made_run.issued_at + timedelta(hours=6)
    )
    records: list[Record] = [Seen(after), Seen(made_run)]  # type: ignore[list-item]
    rows = {row.lead_h: row for row in skill_by_lead(records)}
    # Forecast at lead h: 3.6 + 0.2 h. Observed later, as the series of six hours on: the last
    # value stands at 3.6 + 0.1 * 6 = 4.2 m, so at lead h it is 3.6 + 0.1 h.
    assert rows[2.0].cases == 1  # gauge down is silent, and the later run's future is not known
    assert rows[2.0].error_m == pytest.approx(0.2)
    assert rows[2.0].persistence_m == pytest.approx(0.2)
    assert rows[2.0].skill == pytest.approx(0.0)
    assert rows[2.0].coverage == 1.0  # +-0.3 m
    assert rows[6.0].coverage == 0.0  # 0.6 m off


def test_nothing_to_compare_is_not_called_good() -> None:
    assert skill_by_lead([]) == []


def test_page_says_what_is_not_known_and_shows_cards_as_text(console) -> None:
    viewer = console.browser("viewer")
    assert "成績は不明です" in viewer.get("/models").text
    name = "a" * 64
    folder = console.settings.models / name
    folder.mkdir(parents=True)
    (folder / "card.md").write_text("# <img src=x onerror=alert(1)>\n", encoding="utf-8")
    for path in ("/models", f"/models/{name}/card"):
        answer = viewer.get(path)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text
    assert viewer.get("/models/nothing/card").status_code == 404
    assert viewer.get("/models/..%2f..%2fx/card").status_code == 404
