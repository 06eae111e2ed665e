"""The folder of a training run: configuration, digests, metrics, model, card and figures.

`run.json` holds what decides the run; everything else can be made again from it and held against
its digests.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from forecasting.model_card import CardFacts
from forecasting.registry import save
from kawamori.digests import facts_digest
from kawamori.progress import Report, silent
from kawamori.settings import Settings
from kawamori.training import TrainingRun, train
from kawamori.training_config import TrainingConfig, read_training, training_config
from kawamori.training_figures import FIGURES, figures_of
from kawamori.verify_config import read_table

RUN, MODELS_OF_RUN = "run.json", "models"
WRITTEN = ("config.yaml", "metrics.csv", "metrics.nc", "model_card.md", "promotion.json")
FACTS = ("config", "data_digest", "seed", "lock_digest", "program_digest", "versions", "models",
         "metrics_digest")  # fmt: skip
CARD_SCORES = (
    "answered",
    "skill",
    "rmse_m",
    "rmse_m_flood",
    "crps_m",
    "coverage90",
    "coverage90_flood",
)
FIGURES_FROM = (
    "Tests of {folds} fold(s), none seen by the model that forecast it; no rain forecast was used. "
    "The model kept here is that of the last fold."
)


def run_training(
    path: Path, settings: Settings, progress: Report = silent, *, jobs: int = 1,
    dask: str | None = None,
) -> tuple[Path, TrainingRun]:  # fmt: skip
    """Train as a YAML file says and write the run; give its folder and the run."""
    run = train(read_training(path), settings, progress, jobs=jobs, dask=dask)
    return write_run(run, settings.out / f"train-{path.stem}"), run


def write_run(run: TrainingRun, folder: Path) -> Path:
    """Write a run into `folder`; what an earlier run left there is removed first.

    `run.json` is written last: a folder without it holds no whole run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (RUN, *WRITTEN, *FIGURES):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / MODELS_OF_RUN, ignore_errors=True)
    written = run.config.model_dump(mode="json", exclude_defaults=True)
    (folder / "config.yaml").write_text(
        yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    (folder / "metrics.csv").write_text(run.metrics_csv, encoding="utf-8")
    attrs = {
        "Conventions": "CF-1.11",
        "title": f"Training of {run.config.model} on {run.dataset.title}",
        "comment": " ".join(run.dataset.notes),
        "credit": run.dataset.credit,
    }
    run.scores.assign_attrs(attrs).to_netcdf(folder / "metrics.nc")
    kept = save(run.kept.model(), folder / MODELS_OF_RUN, facts=card_facts(run))
    (folder / "model_card.md").write_bytes((kept / "card.md").read_bytes())
    for name, drawn in figures_of(run).items():
        (folder / name).write_bytes(drawn)
    told = {**run.facts(), "digest": run.digest, "model_folder": kept.name}
    (folder / RUN).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def read_run(folder: Path) -> tuple[TrainingConfig, Mapping[str, Any]]:
    """Give the configuration and the facts of a written run.

    Raises
    ------
    ValueError
        If the folder holds no whole run, a digest of it does not hold, or its configuration is
        not usable any more.
    """
    facts = _facts(folder)
    config = training_config(read_table(folder / "config.yaml"), str(folder))
    changed = [name for name, held in (
        (RUN, facts_digest({key: facts[key] for key in FACTS}) == facts["digest"]),
        ("config.yaml", config.model_dump(mode="json") == facts["config"]),
        ("metrics.csv", _sha256(folder / "metrics.csv") == facts["metrics_digest"]),
    ) if not held]  # fmt: skip
    if changed:
        raise ValueError(
            f"a run must be as kawamori train wrote it, got {changed} changed or gone ({folder}). "
            "Train again."
        )
    return config, facts


def _facts(folder: Path) -> Mapping[str, Any]:
    """Give what run.json holds, with every key of `FACTS`, the digest and the model's folder."""
    if not (folder / RUN).is_file():
        raise ValueError(
            f"a run folder must hold {RUN}, {folder} has none. kawamori train writes it."
        )
    wanted = (*FACTS, "digest", "model_folder")
    try:
        facts = json.loads((folder / RUN).read_text(encoding="utf-8"))
        lacking = [key for key in wanted if key not in facts]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{RUN} must hold {list(wanted)}, got {error!r} ({folder}). "
                         "Train again.") from error  # fmt: skip
    if lacking:
        raise ValueError(f"{RUN} must hold {list(wanted)}, lacks {lacking} ({folder}). "
                         "Train again.")  # fmt: skip
    return dict(facts)


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def card_facts(run: TrainingRun) -> CardFacts:
    """Give what the model card says of a run."""
    fold, dataset = run.kept.task.fold, run.dataset
    return CardFacts(
        title=dataset.title,
        data_digest=run.data_digest,
        train=tuple((first.isoformat(), last.isoformat()) for first, last in fold.train),
        figures=tuple(_figures(run)),
        figures_from=FIGURES_FROM.format(folds=len(dataset.folds)),
        limits=dataset.notes,
        credits=(dataset.credit,) if dataset.credit else (),
    )


def _figures(run: TrainingRun) -> list[dict[str, Any]]:
    """Give one row per model, gauge and lead."""
    rows = run.metrics[run.metrics["score"].isin(CARD_SCORES)]
    wide = rows.pivot_table(index=["model", "gauge", "lead_h"], columns="score", values="value",
                            sort=False).reindex(columns=list(CARD_SCORES))  # fmt: skip
    labels: list[tuple[str, str, float]] = wide.index.to_list()
    return [
        {"model": label[0], "gauge": label[1], "lead_h": label[2]}
        | dict(zip(CARD_SCORES, values, strict=True))
        for label, values in zip(labels, _plain(wide), strict=True)
    ]


def _plain(table: pd.DataFrame) -> list[list[float | None]]:
    """Give the rows rounded as JSON can hold them, NaN as None."""
    rows = table.to_numpy(dtype=float).round(3)
    return [[None if np.isnan(one) else float(one) for one in row] for row in rows]
