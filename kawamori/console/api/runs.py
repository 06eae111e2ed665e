"""What a run foresaw, advised and drafted: lists of one stored run, all for staff.

`{run}` is a folder name, a run_id or `latest`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Path, Request, Response

from advisory.types import Advice, Level, Reason
from forecasting.types import Gauge
from kawamori.charts import forecast_rows
from kawamori.console.api.answers import (
    FAULTS,
    UNCHANGED,
    Cursor,
    Limit,
    answer,
    etag_of,
    slice_of,
)
from kawamori.console.api.bodies import (
    AdvicePage,
    Chance,
    DistrictAdvice,
    Draft,
    ExceedancePage,
    ForecastPage,
    GaugeForecast,
    Ground,
    Lead,
    MessagePage,
    PeopleCount,
    Place,
    RunLine,
    RunPage,
    ThresholdChance,
)
from kawamori.console.api.decisions import approved_texts, decisions
from kawamori.console.api.tokens import reader
from kawamori.console.desk import desk_of
from kawamori.console.situation_records import Record, Stored
from kawamori.run import Run
from kawamori.run_line import RECORD
from kawamori.situation import advice_rows, gauge_rows

router = APIRouter(
    prefix="/api/v1", dependencies=[Depends(reader)], responses={**FAULTS, **UNCHANGED}
)
Key = Annotated[str, Path(max_length=200, examples=["latest"])]


@router.get("/runs", response_model=RunPage)
def list_runs(
    request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List the stored runs, newest issue time first; unreadable ones stand on top."""
    runs = stored.listed()
    etag = etag_of("runs", stored.mark())
    part = slice_of(runs, etag, limit, cursor)
    lines = [RunLine.model_validate(run) for run in part.items]
    return answer(
        request,
        etag_of(etag, limit, cursor),
        lambda: RunPage(runs=lines, next_cursor=part.next_cursor),
    )


@router.get("/runs/{run}", response_model=dict[str, Any])
def read_run(run: Key, request: Request, stored: Stored) -> Response:
    """Give the whole record of one run, as it was stored."""
    record = stored.read(run)
    return answer(request, record.etag, (record.folder / RECORD).read_bytes)


@router.get("/runs/{run}/forecasts", response_model=ForecastPage)
def list_forecasts(
    run: Key, request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Give level forecasts by gauge, most dangerous first. [m above gauge zero]"""
    record = stored.read(run)
    part = slice_of(gauge_rows(record.run), record.etag, limit, cursor)
    return answer(
        request,
        etag_of(record.etag, "forecasts", limit, cursor),
        lambda: ForecastPage(
            **of_run(record, part.next_cursor),
            gauges=[_forecast(record.run, row.gauge, row.state) for row in part.items],
        ),
    )


@router.get("/runs/{run}/exceedance", response_model=ExceedancePage)
def list_exceedance(
    run: Key, request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Give how likely each gauge reaches each official level, and when."""
    record = stored.read(run)
    known = set(record.run.exceedance["gauge"].values)
    pairs = [
        (row.gauge, name)
        for row in gauge_rows(record.run)
        for name, _ in row.gauge.thresholds.items()
        if row.gauge.gauge_id in known
    ]
    part = slice_of(pairs, record.etag, limit, cursor)
    return answer(
        request,
        etag_of(record.etag, "exceedance", limit, cursor),
        lambda: ExceedancePage(
            **of_run(record, part.next_cursor),
            thresholds=[_chances(record.run, gauge, name) for gauge, name in part.items],
        ),
    )


@router.get("/runs/{run}/advice", response_model=AdvicePage)
def list_advice(
    run: Key, request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Give the advice by district, earliest deadline first."""
    record = stored.read(run)
    approved = decisions(desk_of(request).engine, record.run.run_id)
    part = slice_of(advice_rows(record.run), record.etag, limit, cursor)
    return answer(
        request,
        etag_of(record.etag, "advice", sorted(approved), limit, cursor),
        lambda: AdvicePage(
            **of_run(record, part.next_cursor),
            advice=[_advice(item, item.district_id in approved) for item in part.items],
        ),
    )


@router.get("/runs/{run}/messages", response_model=MessagePage)
def list_messages(
    run: Key, request: Request, stored: Stored, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Give the drafted texts, byte for byte as they would be sent."""
    record = stored.read(run)
    approved = approved_texts(desk_of(request).engine, record.run.run_id)
    part = slice_of(record.run.messages, record.etag, limit, cursor)
    drafts = [
        Draft(
            message_id=text.message_id, district_id=text.district_id, language=text.language,
            form=text.form, subject=text.subject, body=text.body.decode(), sha256=text.sha256,
            approved=text.sha256 in approved,
        )
        for text in part.items
    ]  # fmt: skip
    return answer(
        request,
        etag_of(record.etag, "messages", sorted(approved), limit, cursor),
        lambda: MessagePage(**of_run(record, part.next_cursor), messages=drafts),
    )


def of_run(record: Record, next_cursor: str | None = None) -> dict[str, Any]:
    """Give the fields of `OfRun`."""
    run = record.run
    return {
        "run_id": run.run_id,
        "issued_at": run.issued_at,
        "drill": run.drill,
        "next_cursor": next_cursor,
    }


def _forecast(run: Run, gauge: Gauge, state: Any) -> GaugeForecast:
    leads = [
        Lead(valid_time=row.valid_time, q05_m=row.q05, q25_m=row.q25, q50_m=row.q50,
             q75_m=row.q75, q95_m=row.q95)
        for row in forecast_rows(run, gauge)
    ]  # fmt: skip
    return GaugeForecast(
        gauge_id=gauge.gauge_id,
        gauge_name=gauge.name,
        river_name=gauge.river,
        observed_level_m=state.level_m if state else None,
        observed_at=state.at if state else None,
        rise_m_per_h=state.rise_m_per_h if state else None,
        leads=leads,
    )


def _chances(run: Run, gauge: Gauge, threshold: str) -> ThresholdChance:
    own = run.exceedance.sel(gauge=gauge.gauge_id, threshold=threshold)
    times = run.issued_at + own["lead"].values.astype("timedelta64[us]").astype(object)
    hours = {f"{q:g}": float(hour) for q, hour in
             zip(own["quantile"].values, own["first_passage_h"].values, strict=True)}  # fmt: skip
    return ThresholdChance(
        gauge_id=gauge.gauge_id,
        threshold=threshold,
        threshold_level_m=dict(gauge.thresholds.items())[threshold],
        chances=[
            Chance(valid_time=time, probability=None if np.isnan(value) else float(value))
            for time, value in zip(times, own["probability"].values, strict=True)
        ],
        passage_h={q: hour if math.isfinite(hour) else None for q, hour in hours.items()},
        passage_beyond=[q for q, hour in hours.items() if math.isinf(hour)],
    )


def _advice(item: Advice, approved: bool) -> DistrictAdvice:
    clearance = item.clearance
    return DistrictAdvice(
        district_id=item.district_id,
        district_name=item.name,
        level=_level(item.level),
        level_name=item.level.name,
        issue_by=item.issue_by,
        valid_until=item.valid_until,
        action=item.action,
        people=PeopleCount.model_validate(item.people),
        clearance_p50_min=clearance.p50_min if clearance else None,
        clearance_p90_min=clearance.p90_min if clearance else None,
        reasons=[_ground(reason) for reason in item.reasons],
        counter_evidence=[_ground(reason) for reason in item.counter_evidence],
        shelters=[
            Place(shelter_id=place.shelter_id, shelter_name=place.name, people=place.people,
                  travel_min=place.minutes)
            for place in item.shelters
        ],
        digest=item.digest,
        approved=approved,
    )  # fmt: skip


def _ground(reason: Reason) -> Ground:
    told = {name: getattr(reason, name) for name in Ground.model_fields}
    return Ground(**{**told, "level": _level(reason.level)})


def _level(level: Level) -> int | None:
    return None if level is Level.UNKNOWN else int(level)
