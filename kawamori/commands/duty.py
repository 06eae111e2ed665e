"""The duty roster's alerts from the shell: one pass, a test, who is on watch."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Alerts to the duty roster.", no_args_is_help=True)


@app.command()
def watch() -> None:
    """Make one pass over every city with a roster; a timer calls it each minute."""
    from kawamori.duty import watch as passes
    from kawamori.settings import Settings

    for line in passes(Settings()):
        typer.echo(line)


@app.command()
def test(city: Annotated[str, typer.Argument(help="a city with a roster")]) -> None:
    """Send a 【訓練】 alert to whoever is on duty; it escalates until somebody acknowledges."""
    from kawamori.duty import send_test
    from kawamori.settings import Settings

    for line in send_test(Settings(), city):
        typer.echo(line)


@app.command()
def roster(city: Annotated[str, typer.Argument(help="a city with a roster")]) -> None:
    """Check a roster and say, by id only, who is on watch now and in which order."""
    from datetime import UTC, datetime

    from alerts.duty.roster import on_watch
    from kawamori.rosters import city_roster
    from kawamori.settings import Settings

    people = city_roster(Settings(), city)
    now = on_watch(people, datetime.now(UTC))
    typer.echo(f"{len(people)} on the roster" + ("; nobody is on shift" if now.off_shift else ""))
    for person in now.people:
        ways = [way for way in ("line", "email") if person.address(way)]
        typer.echo(f"{person.order} {person.person_id}: {', '.join(ways)}")
