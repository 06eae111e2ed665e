"""What a training shall learn and be tested on: one YAML file, every wrong key named at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from forecasting.evaluate import Fold
from forecasting.frame import LevelFrame
from forecasting.models import MODELS
from forecasting.verification.splits import refuse_random
from kawamori.verify_config import SPLIT_KEYS, Part, Span, read_table, told_fault

Models = Mapping[str, type[LevelFrame]]
Minutes = Annotated[int, Field(gt=0)]


class FoldSpans(Part):
    """What is learned from, and what is forecast without having been seen."""

    train: Annotated[tuple[Span, ...], Field(min_length=1)]
    test: Span

    @model_validator(mode="after")
    def _apart(self) -> FoldSpans:
        self.fold()
        return self

    def fold(self) -> Fold:
        """Give the fold; a ValueError where training touches the test."""
        return Fold(self.train, self.test)


class TuneSpace(Part):
    """The choices that `kawamori tune` may make; a key that is not named stays as it is."""

    model: tuple[str, ...] = ()
    upstream: tuple[bool, ...] = ()
    learn_days: tuple[Annotated[float, Field(gt=0)] | None, ...] = ()


class TrainingConfig(Part):
    """A training as its file says it; times are UTC."""

    dataset: str | None = None  # of data/datasets
    city: str | None = None  # or a city: its years and then its storms
    model: str
    targets: tuple[str, ...] = ()  # gauge_id; empty: those of the dataset
    leads_min: tuple[Minutes, ...] = ()  # empty: those of the dataset
    folds: tuple[FoldSpans, ...] = ()  # empty: those of the dataset; a city has none
    every_min: Minutes | None = None  # between issue times of a test; None = every step
    upstream: bool = True  # False: gauges upstream are not read
    learn_days: Annotated[float, Field(gt=0)] | None = None  # the last so many; None = all
    seed: Annotated[int, Field(ge=0)] = 0
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.5  # a level counts as warned from here
    tune: TuneSpace | None = None  # read by `kawamori tune` alone

    @field_validator("leads_min")
    @classmethod
    def _rising(cls, leads_min: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(leads_min)))

    def leads(self) -> tuple[timedelta, ...]:
        """Give the leads of the file, shortest first."""
        return tuple(timedelta(minutes=one) for one in self.leads_min)


def read_training(path: Path, models: Models = MODELS) -> TrainingConfig:
    """Give the configuration of a YAML file.

    Raises
    ------
    ValueError
        Naming each key with what was expected and what came, or refusing a random split.
    """
    return training_config(read_table(path), path.name, models)


def training_config(
    table: Mapping[str, Any], name: str = "config", models: Models = MODELS
) -> TrainingConfig:
    """Give the configuration of plain keys and values; `read_training` says what is raised."""
    asked = [str(table[key]) for key in (*SPLIT_KEYS, "folds") if key in table]
    refuse_random([*(one for one in asked if not one.startswith("[")),
                   *(key for key in table if key in ("shuffle", "random"))])  # fmt: skip
    faults, config = _faults(table, models), None
    try:
        config = TrainingConfig.model_validate(dict(table))
    except ValidationError as error:
        faults = [*_told(error.errors()), *faults]
    if faults or config is None:
        raise ValueError(f"{name}: " + "; ".join(faults) + ". Correct the file.")
    return config


def _told(errors: Sequence[ErrorDetails]) -> list[str]:
    """Give the faults without lists that are short only because their items are wrong."""
    places = [fault["loc"] for fault in errors]
    return [
        told_fault(fault) for fault in errors
        if fault["type"] != "too_short"
        or not any(len(one) > len(fault["loc"]) and one[: len(fault["loc"])] == fault["loc"]
                   for one in places)
    ]  # fmt: skip


def _faults(table: Mapping[str, Any], models: Models) -> list[str]:
    """Give what is wrong between the keys, whatever each of them says."""
    faults, known = [], sorted(models)
    dataset, city, model = (table.get(key) for key in ("dataset", "city", "model"))
    if (dataset is None) == (city is None):
        faults.append(f"one of dataset and city must be given, got {dataset!r} and {city!r}")
    if city is not None and not table.get("folds"):
        faults.append("folds must be given for a city, got none")
    if isinstance(model, str) and model not in models:
        faults.append(f"model must be one of {known}, got {model!r}")
    tune = table.get("tune")
    choices = tune.get("model") if isinstance(tune, Mapping) else None
    if isinstance(choices, list) and (strange := [one for one in choices if one not in models]):
        faults.append(f"tune.model must be among {known}, got {strange}")
    return faults
