"""What a verification shall try: one YAML file, one run folder; every wrong key named at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_core import ErrorDetails

from forecasting.models import MODELS
from forecasting.verification.outages import Outage
from forecasting.verification.splits import refuse_random

ALWAYS = ("persistence", "linear", "raw", "quantile")  # beside every model, where they exist
SPLIT_KEYS = ("split", "splits", "cv", "shuffle")


def _midnight(value: Any) -> Any:
    """Give a plain date of the file as midnight UTC; a time must say its zone, a number is none."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, (int, float)):
        raise ValueError("be a date such as 2024-07-01 or a time such as 2024-07-01T09:00+09:00")
    return value


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_midnight), AfterValidator(_utc)]
Span = tuple[Moment, Moment]
RainMode = Literal["none", "noisy", "perfect"]


class Part(BaseModel):
    """A part of a configuration: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LeaveOneFloodOut(Part):
    """The highest floods, each held out in turn with the hours around its peak."""

    floods: Annotated[int, Field(ge=1, le=50)] = 5
    apart_h: Annotated[float, Field(gt=0)] = 120.0
    before_h: Annotated[float, Field(ge=6)] = 36.0
    after_h: Annotated[float, Field(ge=6)] = 36.0


class AboveMaximum(Part):
    """The highest floods held out together, so that training knows nothing above the next one."""

    highest: Annotated[int, Field(ge=1, le=20)] = 3
    around_h: Annotated[float, Field(ge=24)] = 96.0


class Suites(Part):
    """What is held out; a suite that is not named is not run."""

    leave_one_flood_out: LeaveOneFloodOut | None = None
    above_maximum: AboveMaximum | None = None
    held_out: tuple[Span, ...] = ()


class InputOutage(Part):
    """One input out in the last hours before each forecast."""

    input: Literal["stage", "upstream", "rain"]
    hours: Annotated[float, Field(gt=0, le=168)] = 3.0

    def outage(self) -> Outage:
        """Give the outage."""
        return Outage(self.input, timedelta(hours=self.hours))


class VerifyConfig(Part):
    """A verification as its file says it; times are UTC."""

    dataset: str | None = None  # of data/datasets
    city: str | None = None  # or a city with its storms, as for a drill
    target: str | None = None  # gauge_id; None = the first of the dataset
    period: Span  # nothing outside is read
    suites: Suites
    models: tuple[str, ...] = ("gbm",)
    rain: tuple[RainMode, ...] = ("none",)
    rain_members: Annotated[int, Field(ge=1, le=50)] = 3
    outages: tuple[InputOutage, ...] = ()
    outage_every: Annotated[int, Field(ge=1)] = 3  # issue times
    leads_min: tuple[Annotated[int, Field(gt=0)], ...] = ()  # empty: those of the dataset
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.5
    seed: Annotated[int, Field(ge=0)] = 0
    test_years: bool = (
        False  # True: the dataset's test is in the period, nothing may be chosen by it
    )

    def every_model(self) -> tuple[str, ...]:
        """Give the models to run: the usual ones that exist, then those of the file."""
        usual = [name for name in ALWAYS if name in MODELS]
        return tuple(dict.fromkeys([*usual, *self.models]))


def read_config(path: Path) -> VerifyConfig:
    """Give the configuration of a YAML file.

    Raises
    ------
    ValueError
        Naming each key with what was expected and what came, or refusing a random split.
    """
    table = read_table(path)
    suites = table.get("suites")
    asked = [str(name) for name in suites] if isinstance(suites, Mapping | list) else [str(suites)]
    refuse_random([*asked, *(str(table[key]) for key in SPLIT_KEYS if key in table),
                   *(key for key in table if key in ("shuffle", "random"))])  # fmt: skip
    try:
        config = VerifyConfig.model_validate(dict(table))
    except ValidationError as error:
        faults = [told_fault(fault) for fault in error.errors()]
        raise ValueError(f"{path.name}: " + "; ".join(faults) + ". Correct the file.") from error
    if faults := _check(config):
        raise ValueError(f"{path.name}: " + "; ".join(faults) + ". Correct the file.")
    return config


class _Loader(yaml.SafeLoader):
    """Reads plain YAML in which no key may be written twice: the last one would win unseen."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Give the keys and values of a mapping."""
        names = [str(key.value) for key, _ in node.value]  # before `<<` adds others
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each key must be written once, got {twice} more often")
        return super().construct_mapping(node, deep=deep)


def read_table(path: Path) -> Mapping[str, Any]:
    """Give the keys and values of a YAML file.

    Raises
    ------
    ValueError
        If it is no YAML in UTF-8, holds a key twice, or something else than keys and values.
    """
    try:
        table = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(
            f"{path.name} must be YAML in UTF-8: {error}. Correct the file."
        ) from error
    if not isinstance(table, Mapping):
        raise ValueError(f"{path.name} must hold keys and values, got {type(table).__name__}.")
    return table


def told_fault(fault: ErrorDetails) -> str:
    """Give a fault as: key, what was expected, what came."""
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"{key} must be given, got nothing"
    if fault["type"] == "extra_forbidden":
        return f"{key} must be a known key, got {fault['input']!r} under an unknown one"
    if fault["type"] == "string_type" and isinstance(fault["input"], int | float):
        return f"{key} must be text: put {fault['input']} in quotes"
    if fault["type"] == "tuple_type":
        return f"{key} must be a list, [a, b], got {fault['input']!r}"
    if fault["type"] == "value_error" and fault["loc"][:-1] == ("folds",):
        return f"{key}: {fault['msg'].removeprefix('Value error, ').rstrip('.')}"
    expected = fault["msg"].removeprefix("Value error, ").removeprefix("Input should ")
    return f"{key} must {expected}, got {str(fault['input'])!r}"


def _check(config: VerifyConfig) -> list[str]:
    faults = []
    if (config.dataset is None) == (config.city is None):
        faults.append(f"one of dataset and city must be given, got {config.dataset!r} and "
                      f"{config.city!r}")  # fmt: skip
    if unknown := sorted(set(config.models) - set(MODELS)):
        faults.append(f"models must be among {sorted(MODELS)}, got {unknown}")
    if config.suites == Suites():
        faults.append(f"suites must name at least 1 of {list(Suites.model_fields)}, got none")
    for name, (first, last) in (
        ("period", config.period),
        *(("suites.held_out", span) for span in config.suites.held_out),
    ):
        if not first < last:
            faults.append(f"{name} must begin before it ends, got {first} to {last}")
    return faults
