"""The models of a city: what its live cycles would forecast with, and whether they are there."""

from __future__ import annotations

from forecasting.models import LevelModel
from forecasting.registry import load
from kawamori.champion import BROKEN, champion_folder, needs_of
from kawamori.city import City
from kawamori.doctor.finding import Found, Patient, ok, red
from kawamori.drill import lessons, read_series
from kawamori.feeds.config import read_feeds
from kawamori.kept_models import kept_folder
from kawamori.rain_feeds import rain_feeds

CHAMPION_REMEDY = (
    "kawamori promote a new one, or remove champions/CITY.json: the default then forecasts."
)
UNREADABLE = (ValueError, OSError)


def model(patient: Patient, city_id: str) -> Found:
    """See that the model is kept that the next cycle asks for, of these files and this program."""
    try:
        city = patient.city(city_id)
        series = read_series(city.folder / "observations.nc")
    except UNREADABLE:
        return  # their own checks say it
    if strange := sorted({*map(str, series["gauge"].values)} - {g.gauge_id for g in city.gauges}):
        yield red(f"{city_id} model", f"gauges.toml lacks gauges of observations.nc: {strange}",
                  "Give both the same ids.")  # fmt: skip
        return
    learned = lessons(city, drill=False)
    home, check = patient.settings.models, f"{city_id} model"
    folder = kept_folder(learned.model, learned.training, home, city=city)
    if folder is None:
        yield red(
            check,
            "none is kept of the present gauges.toml, observations.nc and program: "
            "the next cycle trains first, which takes minutes",
            f"kawamori learn {city_id}",
        )
        return
    try:
        load(folder)
    except UNREADABLE as error:
        yield red(check, str(error), f"Train it again: kawamori learn {city_id}")
        return
    yield ok(check, f"{folder.name[:12]}, of this version and feature layout")


def champion(patient: Patient, city_id: str) -> Found:
    """Tell whether the promoted model can be read, and whether the newest cycle used it."""
    check = f"{city_id} champion"
    try:
        folder = champion_folder(city_id, patient.settings)
        if folder is None:
            return
        faults = _unmet(patient, city_id, load(folder))
    except BROKEN as error:
        yield red(check, f"it cannot be used: {type(error).__name__}: {error}", CHAMPION_REMEDY)
        return
    run = patient.newest(city_id)
    told = (patient.record(run).get("forecaster") or {}).get("why_not")
    if faults:
        yield red(check, f"it does not meet the desk's needs: {'; '.join(faults)}", CHAMPION_REMEDY)
    elif told:
        yield red(check, f"the newest cycle could not use it: {told}", CHAMPION_REMEDY)
    else:
        yield ok(check, f"{folder.name[:12]} can be used")


def _unmet(patient: Patient, city_id: str, promoted: LevelModel) -> list[str]:
    """Give the needs of the desk that a promoted model does not meet: leads, gauges, stations."""
    try:
        learned = lessons(patient.city(city_id), drill=False)
    except UNREADABLE:
        return []  # its own check says it
    return [one.told for one in needs_of(promoted, learned.model, learned.training) if one.told]


def rain(patient: Patient, city_id: str) -> Found:
    """See that a model reads the rain forecasts that the city's feeds bring; else nobody does."""
    try:
        city = patient.city(city_id)
        ours = rain_feeds(read_feeds(city))
    except (ValueError, OSError):
        return  # their own checks say it
    if not ours:
        return
    check, names = f"{city_id} rain model", ", ".join(feed.name for feed in ours)
    told = f"rain forecasts are polled ({names}) and no model reads them"
    try:
        folder = champion_folder(city_id, patient.settings)
        if folder is not None and not load(folder).reads_rain:
            yield red(check, f"{told}: the promoted one has not learned to",
                      "Promote one that was trained with rain forecasts, or take the feeds out "
                      "of city.toml.")  # fmt: skip
            return
    except BROKEN:
        folder = None  # its own check says it; the default forecasts then
    if folder is not None or _rain_is_kept(patient, city):
        yield ok(check, f"it reads the rain forecasts of {names}")
    else:
        yield red(check, told, f"kawamori learn {city_id} (minutes; also nightly by its timer)")


def _rain_is_kept(patient: Patient, city: City) -> bool:
    taught = lessons(city, drill=False, rain=True)
    folder = kept_folder(
        taught.model, taught.training, patient.settings.models, city=city, rain_forecast=taught.rain
    )
    return folder is not None and folder.is_dir()
