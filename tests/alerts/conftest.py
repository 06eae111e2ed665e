"""Fixtures of the alert tests: an advice, its facts, doubles of the services, an outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine

from advisory.types import Advice, Clearance, Destination, Level, People, Reason
from alerts.compose import compose
from alerts.outbox import approve, prepare
from alerts.types import Audience, Message

NOW = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)  # 21:00 in Japan


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = prepare(create_engine(store_url))
    yield engine
    engine.dispose()


@pytest.fixture
def make_advice() -> Callable[..., Advice]:
    """Give a maker of advice for 平 whose every forecast figure is easy to find in a text."""

    def make(level: Level = Level.EVACUATE, **changes: Any) -> Advice:
        values: dict[str, Any] = {
            "district_id": "taira",
            "name": "平",
            "level": level,
            "issued_at": NOW,
            "issue_by": NOW + timedelta(minutes=37),  # 21時37分
            "valid_until": NOW + timedelta(minutes=59),
            "reasons": (
                Reason("forecast_danger", "3時間後に6.47m、確率83%", True, level, 6.47, 5.93, "m"),
            ),
            "counter_evidence": (
                Reason("forecast_overflow", "越水の確率は0.19", False, Level.EMERGENCY, 0.19, 0.5),
            ),
            "people": People(inside=4321, must_leave=2718),
            "clearance": Clearance(61.4, 137.2, "仮定"),
            "shelters": (
                Destination("s2", "平第二小学校", 100, 25.0),
                Destination("s1", "平第一小学校", 100, 12.4),
            ),
            "digest": "d" * 64,
            "action": "予測最高水位6.47mに備える",
        }
        return Advice(**{**values, **changes})

    return make


@pytest.fixture
def compose_for(make_advice: Callable[..., Advice]) -> Callable[..., list[Message]]:
    """Give a maker of the public messages of an advice, one per form asked for."""

    def write(advice: Advice | None = None, forms: tuple[str, ...] = ("plain",)) -> list[Message]:
        advice = advice or make_advice()
        written = [
            compose(
                advice,
                form=form,
                city_name="いわき市",
                expires=NOW + timedelta(hours=2),
                drill=False,
            )
            for form in forms
        ]
        return [message for message in written if message is not None]

    return write


@pytest.fixture
def approve_one(
    make_advice: Callable[..., Advice], compose_for: Callable[..., list[Message]]
) -> Callable[..., str]:
    """Give a function that approves one advice for 3 recipients on one channel."""

    def run(connection: Connection, advice: Advice | None = None, **changes: Any) -> str:
        advice = advice or make_advice()
        audience = changes.pop("audience", None) or Audience("recording", "plain", ("a", "b", "c"))
        values: dict[str, Any] = {
            "run_id": "run-1",
            "advice": advice,
            "messages": compose_for(advice, (audience.form,)),
            "audiences": [audience],
            "first": "佐藤",
            "second": "鈴木",
            "at": NOW,
            "expires": NOW + timedelta(hours=2),
            "drill": False,
        }
        return approve(connection, **{**values, **changes})

    return run
