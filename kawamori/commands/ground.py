"""Reports from the ground, entered from the shell: what was seen, by whom, when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kawamori.settings import Settings

app = typer.Typer(help="What people on the ground report.", no_args_is_help=True)
AT = "when it was seen; without a zone it is UTC; default now"


@app.command()
def shelter(
    city: Annotated[str, typer.Argument(help="a built city")],
    shelter_id: Annotated[str, typer.Argument(help="as in the city's list")],
    *,
    by: Annotated[str, typer.Option(help="office or officer who reports")],
    status: Annotated[str | None, typer.Option(help="open, opening or closed")] = None,
    occupied: Annotated[int | None, typer.Option(help="people inside")] = None,
    upstairs: Annotated[
        bool | None, typer.Option("--upstairs/--no-upstairs", help="upper floors may be used")
    ] = None,
    stock: Annotated[
        list[str] | None, typer.Option(help="ITEM=NUMBER, e.g. water_l=300; give it once an item")
    ] = None,
    note: Annotated[str, typer.Option(help="anything else")] = "",
    at: Annotated[datetime | None, typer.Option(help=AT)] = None,
) -> None:
    """Report a shelter's door, head count, upper floors or stock; the next run uses it."""
    from kawamori.ground import record_shelter
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    settings = Settings()
    known = _frame(settings, city, "shelters.parquet")
    with opened_store(settings.store_url) as engine:
        report = record_shelter(
            engine, city, shelter_id, known=set(map(str, known.index)),
            status=status,  # type: ignore[arg-type]  # checked there, with the words that are known
            occupied=occupied, upstairs=upstairs, stock=dict(map(_item, stock or [])),
            note=note, by=by, at=_moment(at),
        )  # fmt: skip
    typer.echo(f"{known.at[shelter_id, 'name']}: {report.at:%Y-%m-%d %H:%M} UTC {report.by}")


@app.command()
def road(
    city: Annotated[str, typer.Argument(help="a built city")],
    *,
    by: Annotated[str, typer.Option(help="office or officer who reports")],
    point: Annotated[
        tuple[float, float] | None, typer.Option(help="LON LAT at the road, within 50 m")
    ] = None,
    line: Annotated[int | None, typer.Option(help="or its position in roads.parquet")] = None,
    closed: Annotated[bool, typer.Option("--closed/--open", help="closed, or open again")] = True,
    note: Annotated[str, typer.Option(help="where it is and why")] = "",
    at: Annotated[datetime | None, typer.Option(help=AT)] = None,
) -> None:
    """Report that a road is closed, or open again; the next run uses it."""
    from kawamori.city import read_toml
    from kawamori.ground import record_road
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    settings = Settings()
    lon, lat = point if point is not None else (None, None)
    with opened_store(settings.store_url) as engine:
        report = record_road(
            engine, city, roads=_frame(settings, city, "roads.parquet"),
            crs=read_toml(settings.cities / city / "city.toml")["crs"], road=line, lon=lon, lat=lat,
            closed=closed, note=note, by=by, at=_moment(at),
        )  # fmt: skip
    word = "closed" if report.closed else "open"
    typer.echo(f"road {report.road} {word}: {report.at:%Y-%m-%d %H:%M} UTC {report.by}")


def _frame(settings: Settings, city: str, name: str) -> Any:
    import geopandas as gpd

    path: Path = settings.cities / city / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. Build the city: kawamori city build {city}")
    return gpd.read_parquet(path)


@app.command()
def reports(
    city: Annotated[str, typer.Argument(help="a built city")],
    file: Annotated[Path, typer.Argument(help="CSV or JSON: kind, at, by, text, districts, gauges, "
                                              "ended")],
    *,
    by: Annotated[str, typer.Option(help="officer who enters them")],
) -> None:  # fmt: skip
    """Enter reports of patrols, gates and dams, all or none; the next cycle uses them."""
    from kawamori.cities import open_city
    from kawamori.field_log import enter_reports
    from kawamori.field_reports import read_reports
    from kawamori.policies import read_policy
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    settings = Settings()
    found = open_city(city, settings, lambda _text, _share: None)
    kinds = {rule.kind for rule in read_policy(settings, found.folder).report}
    read = read_reports(file, found, kinds)
    with opened_store(settings.store_url) as engine:
        enter_reports(engine, found, read, kinds=kinds, entered_by=by, entered_at=_moment(None))
    typer.echo(f"{len(read)} reports entered for {city}")


def _item(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError as error:
        raise ValueError(f"stock must be ITEM=NUMBER, got {text!r}. Correct it.") from error


def _moment(at: datetime | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
