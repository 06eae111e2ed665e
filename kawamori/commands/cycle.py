"""`kawamori cycle`, `heartbeat` and `feed`: the desk as a service."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kawamori.settings import Settings

City = Annotated[str, typer.Argument(help="a built city with feeds in its city.toml")]
AHEAD_MIN = 5.0  # so far may the other machine's clock be ahead
BUSY, FAILED, SILENT = 75, 1, 3  # exit codes; 75 = try again later (sysexits)


def cycle(city: City) -> None:
    """Run one ten-minute cycle: poll, compute, store, alert; a timer calls it every ten minutes.

    Ends with 0 (complete), 1 (failed or killed; staff are told) or 75 (another one is at work).
    """
    from datetime import UTC

    from kawamori.cycle_guard import CycleBusyError, CycleError, guarded_cycle
    from kawamori.duty import alerting
    from kawamori.settings import Settings

    settings, now = Settings(), datetime.now(UTC)
    ended = busy = None
    try:
        with alerting(settings, typer.echo, city_id=city):
            try:
                ended = guarded_cycle(settings, city, lambda: _work(settings, city, now), now=now)
            except CycleBusyError as error:  # not a fault: nobody is alerted of it
                busy = error
    except CycleError as error:
        typer.echo(f"kawamori: {error}", err=True)
        raise typer.Exit(FAILED) from None
    if ended is None:
        typer.echo(f"kawamori: {busy}", err=True)
        raise typer.Exit(BUSY)
    for line in (*ended.lines, f"{ended.missed} cycles were missed before" if ended.missed else ""):
        typer.echo(line) if line else None


def _work(settings: Settings, city: str, now: datetime) -> tuple[str, list[str]]:
    from kawamori.cycle import run_cycle

    done = run_cycle(settings, city, now=now)
    told = [
        f"{one.name}: {one.fault or f'{one.readings} readings'} {one.said}".rstrip()
        for one in done.outcomes
    ]
    refused = [f"{one.name}: {fault}" for one in done.outcomes for fault in one.refused]
    return done.run.run_id, [*told, *refused, *done.notes, str(done.folder / "index.html")]


def heartbeat(
    city: City,
    file: Annotated[
        Path | None, typer.Option(help="the heartbeat of another machine; default: of this home")
    ] = None,
    max_age: Annotated[float, typer.Option(help="minutes", min=10.0)] = 25.0,
) -> None:
    """Tell staff if no cycle is complete for too long; a second machine calls it each minute.

    Ends with 0 (alive) or 3 (silent; whoever is on this machine's roster is told).
    """
    from datetime import UTC

    from kawamori.cycle_guard import heartbeat_file
    from kawamori.cycle_log import read_heartbeat
    from kawamori.duty import watch_city
    from kawamori.settings import Settings

    settings, now = Settings(), datetime.now(UTC)
    last = read_heartbeat(file or heartbeat_file(settings, city))
    age = None if last is None else (now - last).total_seconds() / 60
    alive = age is not None and -AHEAD_MIN <= age <= max_age
    failure = "" if alive else f"no complete cycle since {last or 'ever'}"
    if age is not None and age < -AHEAD_MIN:  # one of the two clocks is wrong: nothing is known
        failure = f"the heartbeat is of {last}, which is yet to come: see both clocks"
    for line in watch_city(settings, city, now=now, failure=failure):
        typer.echo(line)
    typer.echo(f"{city}: last complete cycle {last or 'never'}")
    if not alive:
        raise typer.Exit(SILENT)


def feed(city: City, name: Annotated[str, typer.Argument(help="name of a feed")]) -> None:
    """Look at one feed now, also at one that may only be looked at on demand."""
    from datetime import UTC

    from kawamori.cities import open_city
    from kawamori.feeds.config import read_feeds
    from kawamori.feeds.fetch import new_client
    from kawamori.feeds.poll import Round, poll_one
    from kawamori.progress import bar
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    settings = Settings()
    with bar() as progress:
        bundle = open_city(city, settings, progress)
    feeds = {each.name: each for each in read_feeds(bundle)}
    if name not in feeds:
        raise ValueError(f"feed of {city} must be one of {sorted(feeds)}, got {name!r}.")
    tokens = {key: token.get_secret_value() for key, token in settings.feed_tokens.items()}
    with opened_store(settings.store_url) as store, new_client() as client:
        now = datetime.now(UTC).replace(microsecond=0)
        found = poll_one(bundle, feeds[name], Round(store, settings.home, client, now, tokens))
    if found is None:
        typer.echo(f"{name}: asked less than {feeds[name].every_s:g} s ago")
    else:
        typer.echo(f"{name}: {found.fault or f'{found.readings} readings'} {found.said}".rstrip())
        for fault in found.refused:
            typer.echo(f"{name}: {fault}")


def learn(city: City) -> None:
    """Train what live cycles need before they need it; with rain feeds this takes minutes."""
    from kawamori.cities import open_city
    from kawamori.feeds.config import read_feeds
    from kawamori.live_desk import learn as learn_both
    from kawamori.progress import bar
    from kawamori.rain_feeds import rain_feeds
    from kawamori.settings import Settings

    settings = Settings()
    with bar() as progress:
        bundle = open_city(city, settings, progress)
    reads = learn_both(bundle, settings, rain=bool(rain_feeds(read_feeds(bundle))))
    typer.echo(f"{city}: learned{', rain forecasts too' if reads else ''}")


def compact(city: City) -> None:
    """Make one file of each past day of a city's readings; nothing is lost. Nightly.

    Telegrams that others replaced more than ten days ago are moved to telegrams/past.
    """
    from datetime import UTC, timedelta

    from kawamori.archive import Archive
    from kawamori.feeds.poll import archive_folder, telegram_folder
    from kawamori.settings import Settings
    from kawamori.telegrams import set_aside

    home, now = Settings().home, datetime.now(UTC)
    gone = Archive(archive_folder(home, city)).compact(now)
    typer.echo(f"{city}: {gone} files joined")
    moved = set_aside(telegram_folder(home), before=now - timedelta(days=10))
    if moved:
        typer.echo(f"{moved} telegrams set aside")
