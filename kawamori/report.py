"""The report of one run: a folder that opens in any browser without network or server."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from advisory.types import Level
from alerts.flex import read_text
from alerts.types import CAP_FORM, Message
from forecasting.types import Gauge, Observations
from kawamori import words
from kawamori.charts import Hydrograph, chart_data, forecast_rows, hydrographs, peak
from kawamori.district_pages import PAGES, DistrictPage, write_district_pages
from kawamori.grounded import doubt_lines, report_lines
from kawamori.map_layers import write_layers
from kawamori.out_of_reach import SCENARIO_WORDS
from kawamori.record import model_id, run_json, write_forecast
from kawamori.run import Run
from kawamori.run_line import write_record
from kawamori.run_map import MAP_FILES, has_place, write_map
from kawamori.sheltering import choice_words, opening_rows, stock_lines
from kawamori.situation import (
    advice_rows,
    ages,
    banners,
    gaps,
    gauge_rows,
    main_reason,
    pressing,
    weighed,
)
from kawamori.water_rows import (
    DEPTH_WORDS,
    POPULATION_WORDS,
    depth_rows,
    people_rows,
    river_rows,
    water_kinds,
)

CHART_FILES = ("uPlot.iife.min.js", "uPlot.min.css")
UNFOLDED = 3  # cards that show all at once; the others open on a press
TRACKED = 3  # gauges beside the levels in the history
STATIC = Path(__file__).parent / "static"
PAGE_FILES = ("report.css", "report.js")
# What may not stand in a script, and what would end one.
SCRIPT_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Step:
    """What one cycle of a replay said: for the table 何時に何を言ったか.

    `levels` by district_id; `observed_m` (at issue time) and `peak_m` (highest median within the
    horizon) by gauge_id, None = unknown. [m above gauge zero]
    """

    issued_at: datetime
    levels: Mapping[str, Level]
    observed_m: Mapping[str, float | None]
    peak_m: Mapping[str, float | None]


def step(run: Run) -> Step:
    """Give the one line that this run adds to the history of a replay."""
    peaks = {gauge.gauge_id: peak(forecast_rows(run, gauge)) for gauge in run.city.gauges}
    return Step(
        issued_at=run.issued_at,
        levels={advice.district_id: advice.level for advice in run.advice},
        observed_m={state.gauge_id: state.level_m for state in run.states},
        peak_m={gauge_id: row.q50 if row else None for gauge_id, row in peaks.items()},
    )


def write_report(
    run: Run,
    folder: Path,
    *,
    assets: Path,
    history: Sequence[Step] = (),
    truth: Observations | None = None,
) -> None:
    """Write index.html, run.json, forecast.nc and all they need into `folder`.

    The folder appears as a whole or not at all; an earlier report of that name is replaced.

    Parameters
    ----------
    assets
        Folder of the fetched chart and map scripts (`python -m kawamori.assets`).
    history
        Earlier cycles of the same replay; empty = the page has no such table.
    truth
        The series as it came later, drawn dotted; None = not known.

    Raises
    ------
    FileNotFoundError
        If a chart script is not in `assets`.
    ValueError
        If `folder` exists and is not a report.
    """
    if folder.exists() and not (folder / "run.json").is_file():
        raise ValueError(
            f"{folder} must be a report or not exist, got a folder without run.json. Move it away."
        )
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _fill(part, run, assets=assets, history=history, truth=truth)
        _publish(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def render(
    run: Run,
    charts: Sequence[Hydrograph],
    *,
    history: Sequence[Step] = (),
    pages: Sequence[DistrictPage] = (),
) -> str:
    """Give the page as HTML; everything from data is escaped by the template engine."""
    environment = Environment(
        loader=PackageLoader("kawamori"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("index.html").render(
        run=run,
        charts=charts,
        history=history,
        pages=pages,
        model_id=model_id(run),
        has_map=has_place(run),
        advice=advice_rows(run),
        weighed=weighed,
        main_reason=main_reason,
        pressing=pressing,
        UNFOLDED=UNFOLDED,
        drafts=_drafts(run),
        tracked=_tracked(run, history),
        read_texts=message_texts,
        gauges=gauge_rows(run),
        population=POPULATION_WORDS[run.population],
        water_kinds=water_kinds(run),
        water_people=people_rows(run),
        water_rivers=river_rows(run),
        water_depths=depth_rows(run),
        depth_words=DEPTH_WORDS,
        ages=ages(run),
        banners=banners(run),
        gaps=gaps(run),
        names=_names(run.city.districts),
        places=_names(run.city.shelters),
        openings=opening_rows(run.sheltering),
        chosen=choice_words(run.sheltering),
        stock=stock_lines(run.sheltering, _names(run.city.districts)),
        reported=report_lines(run.ground, _names(run.city.shelters)),
        scenario_words=SCENARIO_WORDS,
        doubts=doubt_lines(run.ground, run.city, run.allocation),
        Level=Level,
        words=words,
    )


def message_texts(message: Message) -> list[str]:
    """Give what a person will read: the texts inside LINE's message objects, else the body."""
    body = message.body.decode("utf-8")
    if message.form != "line":
        return [body]
    try:
        return [read_text(message.body)]
    except ValueError:  # no texts and bubbles: show what will be sent
        return [body]


def script(name: str, data: Any) -> str:
    """Give a script that sets `window.NAME`; no text in `data` can end it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f'"use strict";\nwindow.{name} = {text.translate(SCRIPT_ESCAPES)};\n'


def _fill(
    part: Path,
    run: Run,
    *,
    assets: Path,
    history: Sequence[Step],
    truth: Observations | None,
) -> None:
    _copy(assets, (*CHART_FILES, *MAP_FILES), part / "assets")
    _copy(STATIC, PAGE_FILES, part / "assets")
    charts = hydrographs(run, truth=truth)
    data = script("KAWAMORI", {"charts": [chart_data(chart) for chart in charts]})
    (part / "data.js").write_text(data, encoding="utf-8")
    pages = write_district_pages(run, part / PAGES)
    page = render(run, charts, history=history, pages=pages)
    (part / "index.html").write_text(page, encoding="utf-8")
    write_record(part, run_json(run))
    if has_place(run):
        write_map(run, part)
        write_layers(run, part)
    write_forecast(run, part / "forecast.nc")


def _tracked(run: Run, history: Sequence[Step]) -> list[Gauge]:
    """Give the three most dangerous gauges, those with a forecast first."""
    gauges = [row.gauge for row in gauge_rows(run)]
    peaks = {gauge_id for past in history for gauge_id, top in past.peak_m.items() if top}
    return sorted(gauges, key=lambda gauge: gauge.gauge_id not in peaks)[:TRACKED]


def _drafts(run: Run) -> list[tuple[str, list[Message]]]:
    """Give the texts by district, in the order of the advice."""
    names = _names(run.city.districts)
    found: dict[str, list[Message]] = {item.district_id: [] for item in advice_rows(run)}
    for message in (one for one in run.messages if one.form != CAP_FORM):
        found.setdefault(message.district_id, []).append(message)
    return [(names.get(key, key), messages) for key, messages in found.items() if messages]


def _copy(source: Path, names: Sequence[str], target: Path) -> None:
    missing = [name for name in names if not (source / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{source} must hold {list(names)}, missing {missing}. "
            "Fetch them: python -m kawamori.assets"
        )
    target.mkdir(exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / Path(name).name)


def _publish(part: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _names(frame: Any | None) -> dict[str, str]:
    return {} if frame is None else {str(key): str(name) for key, name in frame["name"].items()}
