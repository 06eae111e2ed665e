"""Which model forecasts for a live desk: the champion of the city where it can serve, else none.

A champion serves if it can be read, forecasts every gauge at least as far ahead as the default
model would, knows no station that the city lacks, and holds to the model contract. Whatever is
wrong with it, the desk goes on with the default model, and says so.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from forecasting.models import LevelModel
from forecasting.registry import SAVING, load, versions
from forecasting.types import Observations, step_of
from kawamori.digests import facts_digest
from kawamori.followed import Spans
from kawamori.kept_models import program_digest
from kawamori.model_contract import contract_faults
from kawamori.run import Forecaster
from kawamori.settings import Settings

TRIED = np.timedelta64(45, "D")  # of the series, enough for every feature
WIDEST_H = 3.0  # between the leads of a champion, from 0 on: else a crossing is told too late
BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True)
class Need:
    """One need of the desk held against a model: value, operator, threshold."""

    name: str
    value: float
    operator: str  # >= or <=
    threshold: float
    told: str  # what is wrong; "" = met


@dataclass(frozen=True)
class Champion:
    """A champion that may forecast, or why it may not."""

    model: LevelModel | None
    folder: str  # its digest; "" = not known
    learned: Spans = ()  # spans that it has seen
    why_not: str = ""

    def forecaster(self, default_id: str) -> Forecaster:
        """Give what the run records."""
        if self.model is None:
            return Forecaster("default", default_id, champion=self.folder, why_not=self.why_not)
        return Forecaster("champion", self.model.model_id, champion=self.folder)


def kept_champions(settings: Settings) -> Path:
    """Give where the models of present and former champions are kept."""
    return settings.champions / "models"


def champion_folder(city_id: str, settings: Settings) -> Path | None:
    """Give the folder of the champion's model; None = nothing was promoted for the city."""
    pointer = settings.champions / f"{city_id}.json"
    if not pointer.is_file():
        return None
    told = json.loads(pointer.read_text(encoding="utf-8"))
    return kept_champions(settings) / str(told["model_folder"])


def champion_for(
    city_id: str, settings: Settings, *, default: LevelModel, training: Observations
) -> Champion | None:
    """Give the champion of a city, tried; None = nothing was promoted.

    Parameters
    ----------
    default
        The model that forecasts otherwise, fitted or not: it says what is needed.
    training
        The city's series, on a piece of which the contract is tried once.
    """
    name = ""
    try:
        folder = champion_folder(city_id, settings)
        if folder is None:
            return None
        name = folder.name
        model = load(folder)
        spans = _spans(folder)
        needs = needs_met(model, default, training, settings.champions / "tried", name)
    except BROKEN as error:
        return Champion(None, name, why_not=f"{type(error).__name__}: {error}")
    if faults := [one.told for one in needs if one.told]:
        return Champion(None, name, why_not="; ".join(faults))
    return Champion(model, name, spans)


def needs_met(
    model: LevelModel, default: LevelModel, training: Observations, tried: Path, name: str
) -> list[Need]:
    """Give each need of the desk as a row; the contract is tried only where all others are met.

    Parameters
    ----------
    default, training
        As of `champion_for`.
    tried, name
        Where the answer is kept, and by which name of the model.
    """
    found = needs_of(model, default, training)
    if any(one.told for one in found):
        return found
    faults = _contract(model, training, tried, name)
    return [*found, Need("breaks of the model contract", len(faults), "<=", 0, "; ".join(faults))]


def needs_of(model: LevelModel, default: LevelModel, training: Observations) -> list[Need]:
    """Give the needs that can be told at once, without trying the model."""
    theirs, ours = model.config(), default.config()
    lacking = sorted(set(ours["targets"]) - set(theirs["targets"]))
    ahead_h, needed_h = (max(each["leads_s"]) / 3600 for each in (theirs, ours))
    ends_h = [0.0, *sorted(lead_s / 3600 for lead_s in theirs["leads_s"])]
    gap_h = max(later - earlier for earlier, later in pairwise(ends_h))
    known = {*map(str, training["gauge"].values), *map(str, training["rain_gauge"].values)}
    read = {gauge["gauge_id"] for gauge in theirs["gauges"]}
    read |= {station for gauge in theirs["gauges"] for station in gauge["rain_gauges"]}
    strange = sorted(read - known)
    step_s = float(step_of(training) / np.timedelta64(1, "s"))
    off_s = abs(float(model.state()["step_s"]) - step_s)
    far = f"it must look {needed_h:g} h ahead, looks {ahead_h:g} h"
    apart = f"its leads must lie at most {WIDEST_H:g} h apart, some lie {gap_h:g} h"
    all_of_them = f"it must forecast every gauge with a series, lacks {lacking}"
    own = f"it must read stations of the city, reads also {strange}"
    step = f"it must have the step of the city's series, {step_s:g} s"
    return [
        Need("hours ahead, those of the desk", ahead_h, ">=", needed_h,
             far if ahead_h < needed_h else ""),
        Need("hours between its leads", gap_h, "<=", WIDEST_H, apart if gap_h > WIDEST_H else ""),
        Need("gauges of the desk that it lacks", len(lacking), "<=", 0,
             all_of_them if lacking else ""),
        Need("stations read that the city lacks", len(strange), "<=", 0, own if strange else ""),
        Need("seconds its step is off the city's series", off_s, "<=", 0, step if off_s else ""),
    ]  # fmt: skip


def _contract(model: LevelModel, training: Observations, tried: Path, name: str) -> list[str]:
    """Give what the contract says of a champion; said before by this program, it is read."""
    told = tried / f"{facts_digest(name, program_digest(), versions())}.json"
    if told.is_file():
        return list(map(str, json.loads(told.read_text(encoding="utf-8"))))
    targets = [str(one) for one in model.config()["targets"]]
    levels = training["level_m"].sel(gauge=targets).notnull().any("gauge").values
    known = training["time"].values[levels]
    known = known[known > known[-1] - TRIED] if len(known) else known
    if len(known) < 4:
        return ["there are no levels to try it on"]
    piece = Observations(training.sel(time=slice(known[-1] - 2 * TRIED, None)))
    faults = contract_faults(model, piece, known[[len(known) // 2, 3 * len(known) // 4]])
    tried.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=SAVING, dir=tried)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(faults, file)
    os.replace(part, told)
    return faults


def _spans(folder: Path) -> Spans:
    facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))["facts"]
    return tuple((np.datetime64(first[:16]), np.datetime64(last[:16]))
                 for first, last in facts["train"])  # fmt: skip
