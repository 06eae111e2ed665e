"""One live cycle on series that the city hands over as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from forecasting.sources.table import TableSource
from forecasting.types import aware
from kawamori.cities import open_city
from kawamori.degraded import BEGINNING
from kawamori.field_reports import read_reports
from kawamori.ground import read_ground
from kawamori.live_desk import live_desk
from kawamori.pipeline import cycle
from kawamori.policies import read_policy
from kawamori.progress import Report, part
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import store_and_report
from kawamori.telegrams import read_warnings
from kawamori.told import read_told
from shelters.read import read_shelters


def run_once(
    name: str,
    table: Path,
    settings: Settings,
    progress: Report,
    *,
    at: datetime | None = None,
    shelter_list: Path | None = None,
    telegrams: Path | None = None,
    reports: Path | None = None,
) -> Path:
    """Compute one cycle of a city on a CSV of its stations; give the report's folder.

    Parameters
    ----------
    table
        Columns time (ISO 8601, with zone or UTC), one per gauge_id [m above gauge zero] and one per
        rain_gauge_id [mm per step].
    at
        Issue time, naive = UTC; None = the last time of the table.
    shelter_list
        A list as published, used instead of the city's.
    telegrams
        Folder of official telegrams (`kawamori.telegrams`); None = no feed is connected.
    reports
        CSV or JSON of reports from the ground (`kawamori.field_reports`); None = none came.

    Raises
    ------
    ValueError, FileNotFoundError
        Before anything is written, naming what came, in which row, and what to do.
    """
    city = open_city(name, settings, part(progress, 0.0, 0.4))
    if shelter_list is not None:
        city = replace(city, shelters=read_shelters([shelter_list]))
    source = TableSource(table)
    observations = source.read(city.gauges, *source.period())
    issued_at = aware(observations["time"].values[-1]) if at is None else _utc(at)
    warnings = None if telegrams is None else read_warnings(telegrams, city, issued_at=issued_at)
    kinds = {rule.kind for rule in read_policy(settings, city.folder).report}
    heard = () if reports is None else read_reports(reports, city, kinds)
    progress(f"{name}: training", 0.4)
    desk = live_desk(city, settings, rain=False)
    notes = tuple(BEGINNING + note for note in desk.forecaster.notes())
    desk = replace(desk, city=replace(desk.city, notes=(*desk.city.notes, *notes)))
    progress(f"{name}: cycle", 0.9)
    with opened_store(settings.store_url) as store:
        told = read_told(store, city.city_id, at=issued_at)
        ground = read_ground(store, city.city_id, at=issued_at)
    run = cycle(
        desk, observations, issued_at=issued_at, warnings=warnings, reports=heard, told=told,
        ground=ground,
    )  # fmt: skip
    return store_and_report(run, name, settings)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
