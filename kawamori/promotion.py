"""Champion and challenger: a trained run replaces a city's model if it passes the check list.

`home/champions/CITY.json` points to the champion, `CITY.jsonl` holds every decision, refused ones
too. A challenger that fails is promoted only with a reason, which is kept.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.evaluate import Fold
from forecasting.models import MODELS, LevelModel
from forecasting.quality import flag
from forecasting.registry import SAVING, faults, load
from forecasting.types import LevelForecast, Observations
from forecasting.verification.judge import tidy
from kawamori.champion import BROKEN, Need, champion_folder, kept_champions, needs_met
from kawamori.cities import open_city
from kawamori.city import City
from kawamori.datasets import Dataset
from kawamori.digests import series_digest
from kawamori.drill import lessons
from kawamori.fan_out import Task, issue_times, train_one
from kawamori.progress import Report, silent
from kawamori.promotion_checks import (
    CHALLENGER,
    CHAMPION,
    KEY,
    Outcome,
    desk_outcomes,
    outcomes,
    read_checks,
)
from kawamori.settings import Settings
from kawamori.training import BESIDE, docket_of, fitted_to, scores_of
from kawamori.training_config import TrainingConfig
from kawamori.training_folder import MODELS_OF_RUN, read_run
from kawamori.verify_data import read_known

CHECKS = "promotion.toml"  # among the bundles; CITY/promotion.toml goes before it


@dataclass(frozen=True)
class Promotion:
    """One decision: what was checked, and whether the challenger is now the champion."""

    city: str
    run_digest: str
    model_folder: str
    previous: str | None  # the model that was champion
    decided_at: str
    promoted: bool
    despite: str  # why it was promoted although a check failed; "" = none failed, or refused
    note: str
    checks: tuple[Outcome, ...]

    def lines(self) -> list[str]:
        """Give the list and the decision for people."""
        final = any(one.final and not one.passed for one in self.checks)
        refused = "refused: the desk cannot use it, train again" if final else (
            "refused: give --despite REASON to overrule"
        )  # fmt: skip
        told = "promoted" if self.promoted else refused
        reason = f", despite: {self.despite}" if self.despite else ""
        notes = [self.note] if self.note else []
        return [*(one.line() for one in self.checks), *notes, f"{self.city}: {told}{reason}"]

    def plain(self) -> dict[str, Any]:
        """Give the decision as JSON can hold it."""
        return asdict(self)


def promote(
    folder: Path,
    city_id: str,
    settings: Settings,
    *,
    at: datetime,
    despite: str = "",
    progress: Report = silent,
) -> Promotion:
    """Hold a run's model against the check list and the champion; promote it if all is well.

    The decision is written as promotion.json into the run folder and added to the city's list.

    Raises
    ------
    ValueError
        If the folder holds no usable run or was changed by hand, the series has changed since,
        or the city does not have its gauges.
    """
    config, facts = read_run(folder)
    kept = folder / MODELS_OF_RUN / str(facts["model_folder"])
    challenger = load(kept)
    progress("reading", 0.0)
    dataset, observations = _series(config, str(facts["data_digest"]), settings, progress)
    needs = _needs(
        challenger, kept.name, _city(city_id, dataset, settings, progress), settings
    )  # fmt: skip
    previous = champion_folder(city_id, settings)
    fold = dataset.folds[-1]
    champion, unlike = _rival(previous, challenger)
    rivals = {CHALLENGER: challenger}
    if champion is not None:
        rivals[CHAMPION] = champion
    progress("judging", 0.4)
    metrics = _metrics(rivals, config, dataset, observations, fold)
    rows = read_checks(_checks_of(city_id, settings))
    checks = (*desk_outcomes(needs),
              *outcomes(rows, metrics, _wanted(dataset), champion=previous is not None,
                        unlike=unlike))  # fmt: skip
    failed = any(one.passed is False for one in checks)
    unusable = any(one.final and not one.passed for one in checks)
    decision = Promotion(
        city_id, str(facts["digest"]), kept.name, None if previous is None else previous.name,
        at.isoformat(), not unusable and (not failed or bool(despite)),
        despite if failed and not unusable else "",
        _seen(previous, fold) if champion else "", checks,
    )  # fmt: skip
    _record(decision, folder, kept, settings)
    progress("decided", 1.0)
    return decision


def champion_of(city_id: str, settings: Settings) -> LevelModel | None:
    """Give the champion of a city, or None where nothing was promoted.

    Raises
    ------
    UnusableModelError
        If its folder is damaged or of another version.
    """
    folder = champion_folder(city_id, settings)
    return None if folder is None else load(folder)


def _series(
    config: TrainingConfig, digest: str, settings: Settings, progress: Report
) -> tuple[Dataset, Observations]:
    dataset, read = read_known(config.dataset, config.city, settings, progress)
    found = series_digest(read)
    if found != digest:
        raise ValueError(
            f"the series of {dataset.name} must be that of the run, sha256 {digest[:12]}, got "
            f"{found[:12]}. Train again on the new series."
        )
    dataset = fitted_to(config, dataset)
    return dataset, flag(read, dataset.gauges)


def _city(city_id: str, dataset: Dataset, settings: Settings, progress: Report) -> City:
    """Give the city, which must have every gauge that the run forecasts."""
    city = open_city(city_id, settings, progress)
    known = {gauge.gauge_id for gauge in city.gauges}
    if strange := sorted(set(dataset.targets) - known):
        raise ValueError(
            f"targets of the run must be gauges of {city_id}, got {strange} besides. "
            "Promote it for the city that it was trained for."
        )
    return city


def _needs(challenger: LevelModel, name: str, city: City, settings: Settings) -> list[Need]:
    """Give what the desk of the city needs, held against the challenger."""
    desk = lessons(city, drill=False)
    return needs_met(challenger, desk.model, desk.training, settings.champions / "tried", name)


def _wanted(dataset: Dataset) -> pd.MultiIndex:
    """Give every gauge and lead that the run was to forecast."""
    leads_h = [round(lead.total_seconds() / 3600, 4) for lead in dataset.leads]
    return pd.MultiIndex.from_product([dataset.targets, leads_h], names=KEY)


def _checks_of(city_id: str, settings: Settings) -> Path:
    own = settings.bundles / city_id / CHECKS
    return own if own.is_file() else settings.bundles / CHECKS


def _rival(folder: Path | None, challenger: LevelModel) -> tuple[LevelModel | None, str]:
    """Give the champion where both forecast the same; else None and why they are not compared."""
    if folder is None:
        return None, ""
    try:
        champion = load(folder)
    except BROKEN as error:
        return None, f"the champion cannot be read: {error}"
    theirs, ours = champion.config(), challenger.config()
    parts = [key for key in ("targets", "leads_s") if theirs[key] != ours[key]]
    if parts:
        return None, f"the champion has other {' and '.join(parts)}"
    return champion, ""


def _metrics(
    rivals: dict[str, LevelModel],
    config: TrainingConfig,
    dataset: Dataset,
    observations: Observations,
    fold: Fold,
) -> pd.DataFrame:
    """Give the scores of the rivals on the same rows of the fold's test, persistence beside."""
    times = issue_times(observations, fold, config.every_min)
    task = Task(MODELS[BESIDE], dataset.gauges, dataset.targets, dataset.leads, fold, config.seed,
                config.every_min)  # fmt: skip
    stays = train_one(task, observations).forecast
    told: list[tuple[str, LevelForecast]] = [(BESIDE, stays)]
    told += [(name, model.predict_many(observations, times)) for name, model in rivals.items()]
    docket = docket_of(dataset, observations, (fold,), warn_at=config.warn_at)
    return tidy(scores_of(dict(told), docket))


def _seen(champion: Path | None, fold: Fold) -> str:
    """Give a note if the champion has learned from the test: it is flattered then."""
    if champion is None:
        return ""
    facts = json.loads((champion / "config.json").read_text(encoding="utf-8"))["facts"]
    spans = [(np.datetime64(first[:16]), np.datetime64(last[:16])) for first, last in
             facts["train"]]  # fmt: skip
    first, last = (np.datetime64(end.replace(tzinfo=None)) for end in fold.test)
    if any(start <= last and first <= end for start, end in spans):
        return "note: the champion has learned from this test, which flatters it"
    return ""


def _record(decision: Promotion, folder: Path, kept: Path, settings: Settings) -> None:
    """Write the decision beside the run and into the city's list; then move the pointer."""
    told = decision.plain()
    (folder / "promotion.json").write_text(_json(told), encoding="utf-8")
    settings.champions.mkdir(parents=True, exist_ok=True)
    if decision.promoted:
        _keep(kept, kept_champions(settings))
    with (settings.champions / f"{decision.city}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
    if decision.promoted:
        pointer = settings.champions / f"{decision.city}.json"
        part = pointer.with_suffix(".part")
        part.write_text(_json(told), encoding="utf-8")
        os.replace(part, pointer)


def _keep(kept: Path, models: Path) -> None:
    """Copy a model's folder below `models`, whole or not at all."""
    target = models / kept.name
    if target.exists() and not faults(target):
        return
    models.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=SAVING, dir=models))
    shutil.copytree(kept, part / kept.name)
    shutil.rmtree(target, ignore_errors=True)
    (part / kept.name).rename(target)
    part.rmdir()


def _json(told: dict[str, Any] | Sequence[Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1)
