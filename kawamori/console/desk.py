"""What every page needs: settings, store, clock, and the folder of stored runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request
from sqlalchemy import Engine

from kawamori.settings import Settings

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Give the time now, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """What the application was built with."""

    settings: Settings
    engine: Engine
    now: Clock


def desk_of(request: Request) -> Desk:
    """Give the desk of this application; use as `Annotated[Desk, Depends(desk_of)]`."""
    desk: Desk = request.app.state.desk
    return desk
