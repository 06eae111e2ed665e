"""Train once: the model of a city and its series is kept below the home folder and read again.

A model is looked up by what decides it: the configuration, the series, the program and its
versions. Whatever is wrong with a kept one, it is trained again and the desk is told.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np

import forecasting
from forecasting.model_card import CardFacts
from forecasting.models import LevelModel
from forecasting.registry import SAVING, load, save, versions
from forecasting.types import Observations, RainForecast
from kawamori.city import City
from kawamori.digests import facts_digest, rain_digest, series_digest

NEWEST = 12  # so many models stay; older ones are trained again when needed
UNUSED_S = 7 * 24 * 3600.0  # one used since stays too: a desk of many cities needs all of theirs
STALE_S = 24 * 3600.0  # a younger folder may be another process's, not yet known by name
GAP_DAYS = 30  # a longer silence cuts the training into two periods


def fit_or_load(
    model: LevelModel,
    training: Observations,
    home: Path,
    *,
    city: City,
    rain_forecast: RainForecast | None = None,
    note: Callable[[str], None] | None = None,
    lent: Path | None = None,
) -> LevelModel:
    """Give the model fitted on `training`: read from `home` if it was kept there, else trained.

    Parameters
    ----------
    home
        Folder of kept models; ``known/<key>`` names the folder of each.
    note
        Told why a kept model was not used or could not be kept; default: standard error.
    lent
        Another folder of kept models: looked into first, never written.
    """
    tell = note or _to_stderr
    facts = _facts(city, training)
    key = _key(model, facts, rain_forecast)
    known = home / "known" / key
    kept = None if lent is None else _kept(lent / "known" / key, lent, tell)
    if kept is None and (kept := _kept(known, home, tell)) is not None:
        _used(known)
    if kept is not None:
        return kept
    fitted = model.fit(training, rain_forecast)
    try:
        _remember(known, save(fitted, home, facts=facts))
        _prune(home, now_s=time.time())
    except OSError as error:
        tell(f"the trained model of {city.city_id} could not be kept in {home}: {error}")
    return fitted


def is_kept(
    model: LevelModel,
    training: Observations,
    home: Path,
    *,
    city: City,
    rain_forecast: RainForecast | None = None,
) -> bool:
    """Tell whether `fit_or_load` would read the model instead of training it."""
    folder = kept_folder(model, training, home, city=city, rain_forecast=rain_forecast)
    return folder is not None


def kept_folder(
    model: LevelModel,
    training: Observations,
    home: Path,
    *,
    city: City,
    rain_forecast: RainForecast | None = None,
) -> Path | None:
    """Give the folder that `fit_or_load` would read, unchecked; None = it would train."""
    known = home / "known" / _key(model, _facts(city, training), rain_forecast)
    return home / known.read_text(encoding="ascii").strip() if known.exists() else None


def _kept(known: Path, home: Path, tell: Callable[[str], None]) -> LevelModel | None:
    """Give the kept model, or None where there is none that can be used."""
    if not known.exists():
        return None
    try:
        folder = home / known.read_text(encoding="ascii").strip()
        model = load(folder)
    except (OSError, ValueError) as error:
        tell(f"{error} It is trained again now.")
        return None
    return model


def _used(known: Path) -> None:
    """Mark a model as used now: those used longest ago are removed, maybe at this moment."""
    with suppress(FileNotFoundError):
        os.utime(known)


def _remember(known: Path, folder: Path) -> None:
    """Write which folder holds the model of a key, whole or not at all."""
    known.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=SAVING, dir=known.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{folder.name}\n")
    os.chmod(name, 0o644)
    os.replace(name, known)


def _prune(home: Path, *, now_s: float) -> None:
    """Remove models nobody has used for days and what dead processes left half-written."""
    entries = [path for path in (home / "known").iterdir() if not path.name.startswith(SAVING)]
    used = {path: path.stat().st_mtime for path in entries}
    entries.sort(key=used.__getitem__, reverse=True)
    kept = [path for number, path in enumerate(entries)
            if number < NEWEST or now_s - used[path] < UNUSED_S]  # fmt: skip
    for old in set(entries) - set(kept):
        old.unlink(missing_ok=True)
    wanted = {path.read_text(encoding="ascii").strip() for path in kept}
    for folder in home.iterdir():
        stale = now_s - folder.stat().st_mtime > STALE_S
        if stale and folder.name not in {"known", *wanted}:
            shutil.rmtree(folder, ignore_errors=True)


def _key(model: LevelModel, facts: CardFacts, rain_forecast: RainForecast | None) -> str:
    decisive = [model.model_id, model.config(), asdict(facts), program_digest(), versions()]
    decisive.append(rain_digest(rain_forecast))
    return facts_digest(*decisive)


def _facts(city: City, training: Observations) -> CardFacts:
    return CardFacts(
        title=city.name,
        data_digest=series_digest(training),
        train=training_periods(training),
        limits=city.notes,
        credits=city.credits,
    )


def training_periods(training: Observations) -> tuple[tuple[str, str], ...]:
    """Give the stretches (first, last) with any level, ISO 8601 UTC; silences beyond 30 d cut."""
    times = training["time"].values[training["level_m"].notnull().any("gauge").values]
    if not len(times):
        return ()
    cuts = np.flatnonzero(np.diff(times) > np.timedelta64(GAP_DAYS, "D")) + 1
    text = [f"{moment}Z" for moment in times.astype("datetime64[m]")]
    edges = [0, *cuts.tolist(), len(times)]
    return tuple((text[a], text[b - 1]) for a, b in pairwise(edges))


@cache
def program_digest() -> str:
    """Give the sha256 of the forecasting package's sources: other code learns another model."""
    folder = Path(forecasting.__path__[0])
    digest = sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _to_stderr(text: str) -> None:
    print(f"kawamori: {text}", file=sys.stderr)  # noqa: T201
