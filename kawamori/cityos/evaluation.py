"""What the desk did, by district and year, for those who judge policy (EBPM).

Skill: each stored forecast held against what the same gauge later read in a stored run, beside
persistence. Lead times: approvals against the deadline of the advice they approve. People: what
the services accepted, in tens. Nothing here says that an order was right: that
takes the truth of the flood (`kawamori day`, `advisory.review`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine, Row, func, select

from alerts.ledger import faults, read, read_head
from alerts.schema import approval, outbox
from alerts.standing import ENDINGS
from kawamori.cityos.anonymity import K, tens
from kawamori.cityos.open_data import plain_csv
from kawamori.run import Run
from kawamori.store import StoredRun, stored_advice, stored_runs
from kawamori.stored_run import run_of
from kawamori.words import JST

LEAD = timedelta(hours=3)  # the lead whose skill is told: shelters open, assisted people leave
COLUMNS = (
    "年", "地区", "計算回数", "レベル3以上を助言した回数", "不明の回数", "発令数", "期限内の割合",
    "期限までの分(中央値)", "助言から発令までの分(中央値)", "宛先(延べ人)", "受付(延べ人)",
    "3時間予測の数", "平均絶対誤差_m", "持続予報の平均絶対誤差_m", "技能", "90%幅に入った割合",
)  # fmt: skip
Cell = tuple[int, str]  # year of Japan, district_id
Advised = tuple[datetime, datetime | None]  # issue time and deadline of an advice


@dataclass
class Tally:
    """What is gathered of one district in one year."""

    cycles: int = 0
    advised: int = 0
    unknown: int = 0
    before_min: list[float] = field(default_factory=list)
    decided_min: list[float] = field(default_factory=list)
    orders: int = 0
    addressed: int = 0
    accepted: int = 0
    errors_m: list[tuple[float, float, bool]] = field(default_factory=list)  # ours, held, inside


@dataclass(frozen=True)
class Evaluation:
    """The table with its bounds."""

    city: str
    drill: bool
    rows: list[dict[str, Any]]
    runs: int
    unreadable: int
    ledger_rows: int
    ledger_holds: bool


def evaluate(engine: Engine, city_id: str, *, drill: bool = False) -> Evaluation:
    """Give the figures of a city from its stored runs, approvals, outbox and ledger.

    Raises
    ------
    ValueError
        If no complete run of the city is stored.
    """
    known = stored_runs(engine, state="complete", city_id=city_id)
    runs = [one for one in known if one.drill == drill]
    if not runs:
        kind = "drill" if drill else "live run"
        raise ValueError(f"a {kind} of {city_id!r} must be stored, there is none. Run one first.")
    tallies: dict[Cell, Tally] = defaultdict(Tally)
    names: dict[str, str] = {}
    advised: dict[tuple[str, str], Advised] = {}
    city, unreadable = city_id, 0
    skill = _Skill()
    for stored, rows in _thinned(engine, [one for one in runs if not one.folder]):
        if rows is None:
            unreadable += 1
        else:
            _count(rows, stored, tallies, names, advised)
    reports = (one for one in runs if one.folder)
    for stored in sorted(reports, key=lambda one: one.issued_at):
        found = _record(stored)
        if found is None:
            unreadable += 1
            continue
        record, run = found
        city = record["city"]["name"]
        _count(record["advice"], stored, tallies, names, advised)
        skill.add(record, run)
    skill.into(tallies)
    _orders(engine, city_id, advised, tallies, drill=drill)
    with engine.connect() as connection:
        head = read_head(connection)
        holds = not list(faults(read(connection), head))
    table = [_row(cell, names.get(cell[1], cell[1]), tallies[cell]) for cell in sorted(tallies)]
    return Evaluation(city, drill, table, len(runs), unreadable, head.number, holds)


def write_evaluation(found: Evaluation, folder: Path) -> list[Path]:
    """Write the page and the CSV; give both."""
    env = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    page, table = folder / "index.html", folder / "evaluation.csv"
    told = env.get_template("evaluation.html").render(found=found, columns=COLUMNS, fewest=K)
    page.write_text(told, encoding="utf-8")
    table.write_bytes(plain_csv(COLUMNS, found.rows))
    return [page, table]


class _Skill:
    """Forecasts that wait for what the gauge will read, and what it read."""

    def __init__(self) -> None:
        self.forecasts: list[tuple[str, datetime, tuple[float, float, float], float]] = []
        self.read: dict[tuple[str, datetime], float] = {}
        self.listeners: dict[str, list[str]] = {}

    def add(self, record: Mapping[str, Any], run: Run) -> None:
        """Take in one run's forecast at `LEAD`, and its observations."""
        for district in record["city"]["districts"]:
            self.listeners[district["district_id"]] = list(district["gauge_ids"])
        for state in run.states:
            if state.level_m is not None and state.at is not None:
                self.read[state.gauge_id, state.at] = state.level_m
        lead = np.timedelta64(LEAD)
        if lead not in run.forecast["lead"].values:
            return
        ahead = run.forecast["level_m"].sel(lead=lead)
        last = {state.gauge_id: state.level_m for state in run.states}
        for gauge_id in map(str, ahead["gauge"].values):
            band = ahead.sel(gauge=gauge_id).sel(quantile=[0.05, 0.5, 0.95], method="nearest")
            low, middle, high = (float(value) for value in band.values)
            held = last.get(gauge_id)
            if held is not None and np.isfinite(middle):
                self.forecasts.append(
                    (gauge_id, run.issued_at + LEAD, (low, middle, high), held)
                )  # fmt: skip

    def into(self, tallies: Mapping[Cell, Tally]) -> None:
        """Give each forecast that came due to the districts that listen to its gauge."""
        for gauge_id, valid, (low, middle, high), held in self.forecasts:
            level_m = self.read.get((gauge_id, valid))
            if level_m is None:
                continue
            told = abs(middle - level_m), abs(held - level_m), low <= level_m <= high
            for district_id, gauges in self.listeners.items():
                cell = valid.astimezone(JST).year, district_id
                if gauge_id in gauges and cell in tallies:
                    tallies[cell].errors_m.append(told)


def _record(stored: StoredRun) -> tuple[dict[str, Any], Run] | None:
    """Give a run's record and the run; None where its report is gone, another's or unreadable."""
    try:
        text = (stored.folder or Path()).joinpath("run.json").read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text)
        run = run_of(record)
        return (record, run) if run.run_id == stored.run_id else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # gone, or of another form
        return None


def _thinned(
    engine: Engine, runs: Sequence[StoredRun]
) -> Iterator[tuple[StoredRun, list[Mapping[str, Any]] | None]]:
    """Give what the runs advised whose report was thinned out: else quiet hours count for less."""
    known = {one.run_id: one for one in runs}
    with engine.connect() as connection:
        for run_id, advice in stored_advice(connection, [*known]):
            yield known[run_id], advice


def _count(
    advice: Sequence[Mapping[str, Any]], stored: StoredRun, tallies: dict[Cell, Tally],
    names: dict[str, str], advised: dict[tuple[str, str], Advised],
) -> None:  # fmt: skip
    year = stored.issued_at.astimezone(JST).year
    for row in advice:
        district_id = row["district_id"]
        names[district_id] = row["name"]
        tally = tallies[year, district_id]
        tally.cycles += 1
        tally.unknown += row["level"] is None
        tally.advised += row["level"] is not None and row["level"] >= 3
        due = row["issue_by"] and datetime.fromisoformat(row["issue_by"])
        advised[stored.run_id, district_id] = stored.issued_at, due or None


def _orders(
    engine: Engine, city_id: str, advised: Mapping[tuple[str, str], Advised],
    tallies: dict[Cell, Tally], *, drill: bool,
) -> None:  # fmt: skip
    """Add the orders that went out, those since replaced or lifted too, and what was taken of them.

    An order is one of a new level: one that repeats or changes what stood adds its people alone.
    """
    rows = _approvals(engine, city_id, {run_id for run_id, _ in advised}, drill=drill)
    for row in rows:
        if row.occasion in ENDINGS or not _stood(row, rows):
            continue
        tally = tallies[row.at.astimezone(JST).year, row.district_id]
        tally.addressed += int(row.addressed)
        tally.accepted += int(row.accepted)
        if any(one.superseded_by == row.approval_id and one.level == row.level
               and one.occasion not in ENDINGS for one in rows):  # fmt: skip
            continue
        tally.orders += 1
        issued_at, due = advised.get((row.run_id, row.district_id), (None, None))
        if issued_at is not None:
            tally.decided_min.append((row.at - issued_at) / timedelta(minutes=1))
        if due is not None:
            tally.before_min.append((due - row.at) / timedelta(minutes=1))


def _approvals(
    engine: Engine, city_id: str, run_ids: Container[str], *, drill: bool
) -> list[Row[Any]]:  # fmt: skip
    """Give every approval of a city, ended ones too, with the people addressed and accepted."""
    size = func.coalesce(func.sum(func.json_array_length(outbox.c.recipients)), 0)
    taken = func.coalesce(func.sum(outbox.c.accepted), 0)
    query = (
        select(approval, size.label("addressed"), taken.label("accepted"))
        .join(outbox, outbox.c.approval_id == approval.c.approval_id, isouter=True)
        .where(approval.c.drill.is_(drill))
        .group_by(approval.c.approval_id)
        .order_by(approval.c.at)
    )
    with engine.connect() as connection:
        return [row for row in connection.execute(query)
                if row.city_id == city_id or row.run_id in run_ids]  # fmt: skip


def _stood(row: Row[Any], rows: Sequence[Row[Any]]) -> bool:
    """Tell whether an approval stands, was replaced or was lifted: neither void nor a mistake."""
    return (
        row.voided_at is None
        or row.superseded_by is not None
        or any(one.occasion == "lifted" and one.at == row.voided_at
               and (one.run_id, one.district_id) == (row.run_id, row.district_id) for one in rows)
    )  # fmt: skip


def _row(cell: Cell, name: str, tally: Tally) -> dict[str, Any]:
    ours, held, inside = (list(part) for part in zip(*tally.errors_m, strict=True)) if (
        tally.errors_m
    ) else ([], [], [])  # fmt: skip
    skill = 1 - fmean(ours) / fmean(held) if held and fmean(held) > 0 else None
    in_time = [minutes >= 0 for minutes in tally.before_min]
    values = (
        cell[0], name, tally.cycles, tally.advised, tally.unknown, tally.orders,
        _rounded(fmean(in_time) if in_time else None, 2),
        _rounded(_middle(tally.before_min), 0), _rounded(_middle(tally.decided_min), 0),
        tens(tally.addressed), tens(tally.accepted), len(ours),
        _rounded(fmean(ours) if ours else None, 3), _rounded(fmean(held) if held else None, 3),
        _rounded(skill, 2), _rounded(fmean(inside) if inside else None, 2),
    )  # fmt: skip
    return {name: "" if one is None else one for name, one in zip(COLUMNS, values, strict=True)}


def _middle(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None


def _rounded(value: float | None, digits: int) -> float | int | str:
    if value is None:
        return ""
    return round(value, digits) if digits else round(value)
