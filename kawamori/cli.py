"""The command line: every long job with a progress bar, every fault in one clear message."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kawamori.commands import (
    accounts,
    backup,
    city,
    cycle,
    database,
    doctor,
    drill_worker,
    duty,
    endings,
    evaluate,
    export,
    ground,
    ledger,
    outbox,
    recipients,
    tokens,
    training,
)

if TYPE_CHECKING:
    from kawamori.settings import Settings

LEAVE_S = 2  # a server that stops waits so long for open streams of events

app = typer.Typer(
    name="kawamori",
    help="川守: decision support for a city's flood desk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(city.app, name="city")
app.add_typer(accounts.app, name="accounts")
app.add_typer(duty.app, name="duty")
app.add_typer(ground.app, name="ground")
app.add_typer(recipients.app, name="recipients")
app.add_typer(database.app, name="database")
app.add_typer(outbox.app, name="outbox")
app.add_typer(export.app, name="export")
app.add_typer(tokens.app, name="tokens")


def main() -> None:
    """Run the command line; bad input ends with one message and exit code 2, no traceback."""
    try:
        app()
    except Exception as error:
        of_store = type(error).__module__.startswith("sqlalchemy.")
        if os.environ.get("KAWAMORI_DEBUG") or not (
            of_store or isinstance(error, ValueError | OSError)
        ):
            raise
        told = f"the store: {getattr(error, 'orig', error)}; kawamori doctor names what is wrong"
        print(f"kawamori: {told if of_store else error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


@app.command()
def demo() -> None:
    """The main job end to end: real floods and Iwaki with KAWAMORI_DATA, else drill-town."""
    from kawamori.demo import run_demo
    from kawamori.progress import bar

    with bar() as progress:
        folders = run_demo(_settings(), progress)
    typer.echo("Open these in a browser (no network needed):")
    for folder in folders:
        typer.echo(f"  {folder / 'index.html'}")


@app.command()
def replay(case: Annotated[str, typer.Argument(help="a name under data/cases")]) -> None:
    """Replay a real flood, cycle by cycle, with nothing known before its time."""
    from kawamori.progress import bar
    from kawamori.replay import replay_to_report

    with bar() as progress:
        folder = replay_to_report(case, _settings(), progress)
    typer.echo(folder / "index.html")


@app.command()
def drill(
    city: Annotated[str, typer.Argument(help="drill-town or iwaki")],
    storm: Annotated[str | None, typer.Option(help="a storm of the city's bundle")] = None,
    rain: Annotated[
        bool, typer.Option("--rain", help="with simulated rain forecasts; learning takes minutes")
    ] = False,
) -> None:
    """Drill a city on a stored storm: recording channel only, 【訓練】 in every text."""
    from kawamori.drill import drill_to_report
    from kawamori.progress import bar

    with bar() as progress:
        folder = drill_to_report(city, storm, _settings(), progress, rain=rain)
    typer.echo(folder / "index.html")


@app.command()
def day(name: Annotated[str, typer.Argument(help="a date under data/CITY/days")]) -> None:
    """Run a documented flood day and set the advice beside what was done then."""
    from kawamori.day_page import day_to_page
    from kawamori.progress import bar

    with bar() as progress:
        folder, lines = day_to_page(name, _settings(), progress)
    for line in lines:
        typer.echo(line)
    typer.echo(folder / "index.html")


@app.command()
def run(
    city: Annotated[str, typer.Argument(help="a built city")],
    *,
    observations: Annotated[Path, typer.Option(help="CSV: time, one column per station")],
    at: Annotated[
        datetime | None, typer.Option(help="issue time; without a zone it is UTC")
    ] = None,
    shelters: Annotated[
        Path | None, typer.Option(help="a shelter list instead of the city's")
    ] = None,
    telegrams: Annotated[
        Path | None, typer.Option(help="folder of official telegrams, *.xml")
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(
            help="reports of patrols, gates and dams: CSV or JSON with kind, at, by, "
            "text, districts or gauges"
        ),
    ] = None,
) -> None:
    """Compute one cycle on your own series, store it and write its report."""
    from kawamori.duty import alerting
    from kawamori.live import run_once
    from kawamori.progress import bar

    with alerting(_settings(), typer.echo, city_id=city), bar() as progress:
        folder = run_once(
            city, observations, _settings(), progress, at=at, shelter_list=shelters,
            telegrams=telegrams, reports=reports,
        )  # fmt: skip
    typer.echo(folder / "index.html")


@app.command()
def backtest(
    dataset: Annotated[str, typer.Argument(help="a name under data/datasets")],
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object on the last line")
    ] = False,
) -> None:
    """Skill by lead on years the models have not seen, persistence always beside."""
    from kawamori.backtest import format_scores, run_backtest
    from kawamori.progress import bar

    with bar() as progress:
        result = run_backtest(dataset, _settings().real_data(), progress)
    typer.echo(format_scores(result))
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))


@app.command()
def verify(
    config: Annotated[Path, typer.Argument(help="YAML, as in data/verify")],
) -> None:
    """Judge the models on floods they have not seen: page, NetCDF, CSV and JSON."""
    from kawamori.progress import bar
    from kawamori.verify import run_verify

    with bar() as progress:
        folder = run_verify(config, _settings(), progress)
    typer.echo(folder / "index.html")


@app.command()
def shelters(
    files: Annotated[list[Path], typer.Argument(help="shelter lists of one edition, CSV or JSON")],
    compare: Annotated[
        list[Path] | None, typer.Option(help="lists of the newer edition; give it once a file")
    ] = None,
    city: Annotated[str | None, typer.Option(help="keep one municipality of a GSI list")] = None,
) -> None:
    """Read shelter lists as published and say what is in them, or what a newer edition changed."""
    from shelters.editions import change_lines, edition_changes
    from shelters.read import read_shelters, summary

    known = read_shelters(files, city=city)
    lines = [summary(known)]
    if compare:
        newer = read_shelters(compare, city=city)
        lines += [summary(newer), *change_lines(edition_changes(known, newer))]
    typer.echo("\n".join(lines))


@app.command()
def occupancy(
    folder: Annotated[Path, typer.Argument(help="lists of open shelters, one CSV a time")],
    figure: Annotated[Path, typer.Option(help="PNG to write")] = Path("out/occupancy.png"),
) -> None:
    """Draw how full shelters were, from the lists of open shelters a city published."""
    from kawamori.occupancy_figure import occupancy_figure
    from shelters.occupancy import occupancy_totals, read_occupancy

    table = read_occupancy(sorted(folder.glob("*.csv")))
    drawn = occupancy_figure(table)
    figure.parent.mkdir(parents=True, exist_ok=True)
    figure.write_bytes(drawn)
    typer.echo(occupancy_totals(table).describe().loc[["min", "max"]].to_string())
    typer.echo(figure)


@app.command()
def stranded(
    city: Annotated[str, typer.Argument(help="a built city")],
    minutes: Annotated[float, typer.Option(help="time that people have to walk")] = 120.0,
) -> None:
    """Write 避難困難地域: who cannot reach a safe shelter in time, scenario by scenario."""
    from kawamori.cities import open_city
    from kawamori.out_of_reach import stranded_city, stranded_lines, write_stranded
    from kawamori.policies import read_policy
    from kawamori.progress import bar

    settings = _settings()
    with bar() as progress:
        bundle = open_city(city, settings, progress)
    table = stranded_city(bundle, read_policy(settings, bundle.folder), time_min=minutes)
    for line in stranded_lines(table, bundle):
        typer.echo(line)
    path = settings.out / f"{city}-stranded.geojson"
    write_stranded(table, path)
    typer.echo(path)


@app.command()
def explain(
    run: Annotated[str, typer.Argument(help="run_id of a stored run")],
    district: Annotated[str, typer.Argument(help="district_id or name")],
    language: Annotated[str, typer.Option(help="ja or en")] = "ja",
) -> None:
    """Tell what a stored run advised a district, and every rule, figure and source behind it."""
    from kawamori.explanation import explain as told
    from kawamori.store import opened_store
    from kawamori.stored import read_record

    with opened_store(_settings().store_url) as engine:
        record = read_record(engine, run)
    for line in told(record, district, language=language):
        typer.echo(line)


@app.command()
def approve(
    run_id: Annotated[str, typer.Argument(help="as printed in the report")],
    officer: Annotated[str, typer.Option(help="who approves")],
    recipients: Annotated[
        Path | None, typer.Option(help="CSV district_id,channel,address instead of the registry")
    ] = None,
    second: Annotated[str | None, typer.Option(help="second officer: levels 4 and 5")] = None,
    finish_by: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
            help="time in Japan that the mayor names for being out",
        ),
    ] = None,
) -> None:
    """Approve the drafts of a stored run; nothing is sent without this."""
    from alerts.wording import JST
    from kawamori.approval import approve_run

    for line in approve_run(
        run_id, _settings(), officer=officer, second=second, recipients=recipients,
        finish_by=None if finish_by is None else finish_by.replace(tzinfo=JST),
    ):  # fmt: skip
        typer.echo(line)


@app.command()
def dispatch() -> None:
    """Send what is approved and waiting in the outbox."""
    from kawamori.dispatch import dispatch_waiting
    from kawamori.duty import alerting

    with alerting(_settings(), typer.echo):
        for line in dispatch_waiting(_settings()):
            typer.echo(line)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
) -> None:
    """Open the console in a browser: situation, approvals, accounts; it sends nothing itself."""
    import uvicorn

    from kawamori.console.accounts import first_admin
    from kawamori.console.app import create_app
    from kawamori.console.desk import utc_now
    from kawamori.logs import set_up
    from kawamori.store import opened_store

    settings = _settings()
    set_up(settings.log)
    with opened_store(settings.store_url) as engine:
        secret = first_admin(engine, at=utc_now())
    if secret is not None:
        typer.echo(f"first start: sign in as admin with the one-time secret {secret}")
    uvicorn.run(create_app(settings), host=host, port=port, server_header=False, log_config=None,
                access_log=False, timeout_graceful_shutdown=LEAVE_S)  # fmt: skip


app.command()(doctor.doctor)
app.command()(evaluate.evaluate)

# The desk as a service.
app.command()(cycle.cycle)
app.command()(cycle.heartbeat)
app.command()(cycle.feed)
app.command()(cycle.compact)
app.command()(cycle.learn)

app.command()(drill_worker.drill_worker)

# The store's own commands, after the desk's.
for _command in (endings.lift, ledger.verify_ledger, backup.backup, backup.restore, backup.prune,
                 backup.thin):  # fmt: skip
    app.command()(_command)


# The researcher's bench.
app.command()(training.train)
app.command()(training.promote)
app.command()(training.tune)


def _settings() -> Settings:
    from kawamori.settings import Settings

    return Settings()
