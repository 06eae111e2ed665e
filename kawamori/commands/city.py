"""`kawamori city`: build a bundle, put published files into one, see which it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="City bundles.", no_args_is_help=True)


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="drill-town or iwaki")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="also where it was changed by hand; that is lost")
    ] = False,
) -> None:
    """Build a city bundle from facts, lists and simulation."""
    from kawamori.cities import build_city
    from kawamori.progress import bar
    from kawamori.settings import Settings

    with bar() as progress:
        folder = build_city(name, Settings(), progress, replace=replace)
    typer.echo(folder)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="a city bundle: gauges.toml and layers/")],
) -> None:
    """Say which official files a city has, which are stand-ins and which it lacks."""
    from kawamori.official_files import check_official_files

    lines, readable = check_official_files(folder)
    for line in lines:
        typer.echo(line)
    if not readable:
        raise typer.Exit(1)


@app.command("import")
def import_files(
    city: Annotated[str, typer.Argument(help="a folder below HOME/cities with gauges.toml")],
    *,
    districts: Annotated[
        Path | None, typer.Option(help="areas: district_id, name, population, gauge_ids …")
    ] = None,
    shelters: Annotated[
        list[Path] | None, typer.Option(help="a list as published; give it once a file")
    ] = None,
    municipality: Annotated[
        str | None, typer.Option(help="keep one municipality of a GSI list")
    ] = None,
    roads: Annotated[Path | None, typer.Option(help="lines with kind")] = None,
    buildings: Annotated[Path | None, typer.Option(help="points or areas")] = None,
    series: Annotated[
        list[Path] | None, typer.Option(help="CSV of years of readings; give it once a file")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS, once a column of another name")
    ] = None,
    encoding: Annotated[str, typer.Option(help="of the series")] = "utf-8-sig",
    utc_offset_h: Annotated[
        float, typer.Option(help="of times of the series that name no zone")
    ] = 9.0,
    header_row: Annotated[int, typer.Option(min=1, help="of the series")] = 1,
) -> None:
    """Put published files into the form of a bundle; what they do not tell stays unknown."""
    from kawamori import city_import as to
    from kawamori.settings import Settings

    folder, names = Settings().cities / city, _pairs(column or [])
    if not (folder / "gauges.toml").is_file():
        raise FileNotFoundError(f"{folder / 'gauges.toml'} must be written first: docs/city.md.")
    if districts is not None:
        typer.echo(f"districts: {to.import_districts(folder, districts, names)}")
    if shelters:
        typer.echo(f"shelters: {to.import_shelters(folder, shelters, municipality)}")
    if roads is not None:
        typer.echo(f"roads: {to.import_roads(folder, roads, names)}")
    if buildings is not None:
        typer.echo(f"buildings: {to.import_buildings(folder, buildings, names)}")
    if series:
        table = to.Table(names, encoding, utc_offset_h, header_row)
        typer.echo(f"series: {to.import_series(folder, series, table)}")


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if wrong := [ours for ours, sign, theirs in pairs if not (ours and sign and theirs)]:
        raise ValueError(f"--column must be OURS=THEIRS, got {wrong}.")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
