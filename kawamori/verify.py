"""The judge at work: a configuration in, a folder with page, NetCDF and CSV out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.evaluate import only
from forecasting.models import MODELS, LevelModel
from forecasting.quality import flag
from forecasting.types import Observations, step_of
from forecasting.verification.hindcasts import Hindcast, Rain, hindcast, rain_cubes, takes_rain
from forecasting.verification.judge import concat_cases, judge, tidy
from forecasting.verification.pairs import truth_of
from kawamori.datasets import Dataset
from kawamori.progress import Report, silent
from kawamori.settings import Settings
from kawamori.verify_config import VerifyConfig, read_config
from kawamori.verify_data import read_judged
from kawamori.verify_trials import Trial, refuse_test_years, trials_of


@dataclass(frozen=True)
class Verdict:
    """All that a verification found; forecasts by suite."""

    name: str
    config: VerifyConfig
    dataset: Dataset
    trials: tuple[Trial, ...]
    hindcasts: Mapping[str, tuple[Hindcast, ...]]
    scores: xr.Dataset


def run_verify(path: Path, settings: Settings, progress: Report = silent) -> Path:
    """Verify as a YAML file says; give the folder with page, NetCDF, CSV and JSON."""
    from kawamori.verify_page import write_page

    verdict = verify(path.stem, read_config(path), settings, progress)
    folder = settings.out / f"verify-{path.stem}"
    folder.mkdir(parents=True, exist_ok=True)
    progress(f"{path.stem}: writing", 0.95)
    table = tidy(verdict.scores)
    table.to_csv(folder / "scores.csv", index=False, float_format="%.6g")
    (folder / "verification.json").write_text(json_of(verdict, table), encoding="utf-8")
    write_netcdf(verdict, folder / "verification.nc")
    shutil.copyfile(path, folder / "config.yaml")
    write_page(verdict, folder / "index.html")
    progress(f"{path.stem}: done", 1.0)
    return folder


def verify(
    name: str, config: VerifyConfig, settings: Settings, progress: Report = silent
) -> Verdict:
    """Give the hindcasts and scores of every suite, model and rain of a configuration."""
    progress(f"{name}: reading", 0.0)
    dataset, read = read_judged(config, settings, progress)
    refuse_test_years(config, dataset)
    observations = only(flag(read, dataset.gauges), [config.period])
    leads = tuple(timedelta(minutes=one) for one in config.leads_min) or dataset.leads
    steps = round(max(leads) / timedelta(seconds=1) / _seconds(observations))
    progress(f"{name}: rain", 0.02)
    modes = [mode for mode in config.rain if mode != "none"] if _any_takes_rain(config) else []
    cubes = rain_cubes(
        observations, steps, ["none", *modes], members=config.rain_members, seed=config.seed
    )
    trials = trials_of(config, dataset, observations)
    work = [(trial, model) for trial in trials for model in config.every_model()]
    done: dict[str, list[Hindcast]] = {trial.docket.suite: [] for trial in trials}
    for number, (trial, model) in enumerate(work):
        suite = trial.docket.suite
        progress(f"{suite}: {model}", 0.05 + 0.85 * number / len(work))
        done[suite] += _hindcasts(trial, model, cubes, leads=leads, config=config,
                                  dataset=dataset)  # fmt: skip
    progress(f"{name}: scoring", 0.9)
    scores = concat_cases([judge(done[trial.docket.suite], trial.docket) for trial in trials])
    found = {suite: tuple(hindcasts) for suite, hindcasts in done.items()}
    return Verdict(name, config, dataset, trials, found, scores)


def json_of(verdict: Verdict, table: pd.DataFrame) -> str:
    """Give what was tried and every score: `columns` and `rows` as in scores.csv, null = none."""
    suites = {
        trial.docket.suite: {
            "held_out": [[moment.isoformat() for moment in period]
                         for split in trial.splits for period in split.tests],
            "floods": [{"peak_at": flood.peak_at.isoformat(), "peak_m": round(flood.peak_m, 3)}
                       for flood in trial.docket.floods],
            "old_maximum_m": dict(trial.docket.old_maximum_m),
        }
        for trial in verdict.trials
    }  # fmt: skip
    scores = json.loads(table.to_json(orient="split", index=False, double_precision=6))
    told = {
        "name": verdict.name,
        "dataset": verdict.dataset.name,
        "target": verdict.dataset.targets[0],
        "config": verdict.config.model_dump(mode="json"),
        "notes": list(verdict.dataset.notes),
        "suites": suites,
        "columns": scores["columns"],
        "rows": scores["data"],
    }
    return json.dumps(told, ensure_ascii=False)


def write_netcdf(verdict: Verdict, path: Path) -> None:
    """Write scores in the root group, forecasts beside what came true in one group per suite."""
    attrs = {
        "Conventions": "CF-1.11",
        "title": f"Verification {verdict.name} of {verdict.dataset.title}",
        "comment": " ".join(verdict.dataset.notes),
        "credit": verdict.dataset.credit,
    }
    verdict.scores.assign_attrs(attrs).to_netcdf(path)
    for trial in verdict.trials:
        suite = trial.docket.suite
        parts = [
            one.forecasts["none"]["level_m"].reset_coords(drop=True).astype("float32")
            for one in verdict.hindcasts[suite]
        ]
        group = xr.Dataset({"level_m": xr.concat(parts, dim="case", join="exact")})
        names = [(one.model_id, one.rain) for one in verdict.hindcasts[suite]]
        group = group.assign_coords(model=("case", [model for model, _ in names]),
                                    rain=("case", [rain for _, rain in names]))  # fmt: skip
        truth = truth_of(verdict.hindcasts[suite][0].forecasts["none"], trial.docket.observations)
        group["observed_m"] = truth["observed_m"]
        group["level_m"].attrs = {"units": "m", "long_name": "forecast level above gauge zero"}
        group["observed_m"].attrs = {"units": "m", "long_name": "observed level at valid time"}
        group.to_netcdf(path, mode="a", group=suite)


def _hindcasts(
    trial: Trial,
    model: str,
    cubes: Rain,
    *,
    leads: Sequence[timedelta],
    config: VerifyConfig,
    dataset: Dataset,
) -> list[Hindcast]:
    """Give the hindcasts of one model by rain; without rain it is the one learned with the first.

    A model that has learned with rain forecasts without it as if it had learned without.
    """
    new_model = partial(MODELS[model], gauges=dataset.gauges, targets=dataset.targets,
                        leads=leads, seed=config.seed)  # fmt: skip
    out = [one.outage() for one in config.outages] if trial.docket.suite != "held_out" else []
    modes = _modes(model, config)
    fitted: dict[str, dict[str, LevelModel]] = {mode: {} for mode in modes}
    if "none" in modes and len(modes) > 1:
        fitted["none"] = fitted[next(mode for mode in modes if mode != "none")]
    made = {
        mode: hindcast(
            new_model, trial.docket.observations, trial.splits, rain=(mode, cubes[mode]),
            outages=out, gauges=dataset.gauges, outage_every=config.outage_every,
            fitted=fitted[mode],
        )
        for mode in sorted(modes, key=lambda mode: mode == "none")
    }  # fmt: skip
    return [made[mode] for mode in modes]


def _modes(model: str, config: VerifyConfig) -> tuple[str, ...]:
    """Give the kinds of rain that a model is run with; one that reads none runs without."""
    return config.rain if takes_rain(MODELS[model]) else ("none",)


def _any_takes_rain(config: VerifyConfig) -> bool:
    return any(takes_rain(MODELS[model]) for model in config.every_model())


def _seconds(observations: Observations) -> float:
    return float(step_of(observations) / np.timedelta64(1, "s"))
