"""Who moves: the plan of the newest run made again with what was, or is about to be, reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Request

from kawamori.console.desk import Desk, desk_of
from kawamori.console.situation_records import Record
from kawamori.ground import Ground
from kawamori.moves import Moves, Place, moves, open_place
from kawamori.run import Run
from kawamori.settings import Settings

BUNDLE = ("city.toml", "roads.parquet")
NOW = "moves"  # where a record keeps the answer for what is reported now


@dataclass(frozen=True)
class Foreseen:
    """Who moves; None = it cannot be told here, and `why` is the key of the reason."""

    moves: Moves | None
    why: str = ""


@dataclass
class Planner:
    """Makes plans anew, one at a time; a built city is read again only after it changed."""

    settings: Settings
    _lock: Lock = field(default_factory=Lock)
    _read: tuple[Any, Place] | None = None

    def foresee(self, record: Record, ground: Ground) -> Foreseen:
        """Give who moves with a ground that may hold a report which nobody has stored yet."""
        with self._lock:
            try:
                place = self._place(record.run)
            except FileNotFoundError:
                return Foreseen(None, "no_bundle")
            found = moves(record.record, record.run, ground, place)
        return Foreseen(found, "" if found is not None else "no_plan")

    def now(self, record: Record, ground: Ground) -> Foreseen:
        """Give who moves by the stored reports; worked out once for each of their states."""
        key = ground.history
        kept = record.packed.get(NOW)
        if kept is None or kept[0] != key:
            kept = record.packed[NOW] = (key, self.foresee(record, ground))
        found: Foreseen = kept[1]
        return found

    def _place(self, run: Run) -> Place:
        folder = self.settings.cities / run.city.city_id
        files = [folder / name for name in BUNDLE]
        stamp = (run.run_id, *(path.stat().st_mtime_ns for path in files if path.exists()))
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, open_place(run, self.settings))
        return self._read[1]


def planner_of(request: Request) -> Planner:
    """Give the planner of this application."""
    state = request.app.state
    found: Planner | None = getattr(state, "planner", None)
    if found is None:
        desk: Desk = desk_of(request)
        found = state.planner = Planner(desk.settings)
    return found


Plans = Annotated[Planner, Depends(planner_of)]
