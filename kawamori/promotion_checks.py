"""The go / no-go list of a challenger: value, operator, threshold, pass, row by row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from kawamori.champion import Need
from kawamori.city import read_toml
from kawamori.verify_config import told_fault

CHALLENGER, CHAMPION = "challenger", "champion"
KEY = ["gauge", "lead_h"]
SHOWN = 4  # gauges and leads named where a score is not known
HOLDS: Mapping[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le}


class Check(BaseModel):
    """One row of the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    metric: str  # a score of gauge and lead
    over: Literal["worst", "mean"]
    operator: Literal[">=", "<="]
    threshold: float
    against: Literal["", "champion"] = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a row; `passed` None = there is no champion to be held against."""

    name: str
    metric: str
    against: str
    value: float | None  # None = not known: that fails
    operator: str
    threshold: float
    passed: bool | None
    reason: str = ""
    final: bool = False  # no reason overrules it

    def line(self) -> str:
        """Give the row for people."""
        told = {True: "pass", False: "FAIL", None: "n/a "}[self.passed]
        value = "unknown" if self.value is None else f"{self.value:.3f}"
        ratio = " / champion" if self.against else ""
        reason = f" ({self.reason})" if self.reason else ""
        rule = f"{self.metric}{ratio} {value} {self.operator} {self.threshold:g}".lstrip()
        return f"{told}  {self.name}: {rule}{reason}"

    def plain(self) -> dict[str, Any]:
        """Give the row as JSON can hold it."""
        return asdict(self)


def read_checks(path: Path) -> tuple[Check, ...]:
    """Give the rows of a promotion.toml.

    Raises
    ------
    ValueError
        Naming every wrong key of every row, or if there is no row.
    """
    table = read_toml(path)
    rows, checks, faults = table.get("check", []), [], []
    for number, row in enumerate(rows, start=1):
        try:
            checks.append(Check.model_validate(row))
        except ValidationError as error:
            faults += [f"check {number}: {told_fault(fault)}" for fault in error.errors()]
    if strange := sorted(set(table) - {"check"}):
        faults.append(f"only [[check]] is known, got {strange}")
    if not rows:
        faults.append("at least 1 [[check]] must be given, got none")
    if faults:
        raise ValueError(f"{path.name}: " + "; ".join(faults) + ". Correct the file.")
    return tuple(checks)


def outcomes(
    checks: Sequence[Check],
    metrics: pd.DataFrame,
    wanted: pd.MultiIndex,
    *,
    champion: bool,
    unlike: str = "",
) -> tuple[Outcome, ...]:
    """Give what becomes of each check.

    Parameters
    ----------
    metrics
        Tidy scores of the models "challenger" and, where there is one, "champion". A score that
        is not known has no row there.
    wanted
        Every gauge and lead of the challenger, as `KEY`; a score that lacks one is not known.
    champion
        Whether there is one; without it the rows against it do not apply.
    unlike
        Why the champion cannot be compared; its rows then fail. "" = it can.
    """
    scores: dict[str, dict[str, pd.Series]] = {
        model: {check.metric: _values(metrics, check.metric, model).reindex(wanted)
                for check in checks}
        for model in (CHALLENGER, CHAMPION)
    }  # fmt: skip
    return tuple(_outcome(check, scores, champion, unlike) for check in checks)


def desk_outcomes(needs: Sequence[Need]) -> tuple[Outcome, ...]:
    """Give the needs of the desk as rows that no reason overrules."""
    return tuple(
        Outcome(f"the desk can use it: {one.name}", "", "", one.value, one.operator, one.threshold,
                not one.told, one.told, final=True)
        for one in needs
    )  # fmt: skip


def _outcome(
    check: Check, scores: Mapping[str, Mapping[str, pd.Series]], champion: bool, unlike: str
) -> Outcome:
    def told(value: float | None, passed: bool | None, reason: str = "") -> Outcome:
        return Outcome(check.name, check.metric, check.against, value, check.operator,
                       check.threshold, passed, reason)  # fmt: skip

    if check.against and not champion:
        return told(None, None, "no champion yet")
    if check.against and unlike:
        return told(None, False, unlike)
    values = scores[CHALLENGER][check.metric]
    if check.against:
        values = values / scores[CHAMPION][check.metric]
    missing = values.index[~np.isfinite(values.to_numpy(dtype=float))]
    if len(values) == 0 or len(missing):
        where = ", ".join(f"{gauge} {lead_h:g} h" for gauge, lead_h in missing[:SHOWN])
        return told(None, False, f"not known at {len(missing)} of {len(values)} gauges and leads: "
                    f"{where}")  # fmt: skip
    worst = values.min() if check.operator == ">=" else values.max()
    value = float(worst if check.over == "worst" else values.mean())
    return told(value, HOLDS[check.operator](value, check.threshold))


def _values(metrics: pd.DataFrame, metric: str, model: str) -> pd.Series:
    """Give a score by gauge and lead; rows by threshold, class or flood are not for this list."""
    rows = metrics[(metrics["score"] == metric) & (metrics["model"] == model)]
    plain = rows[["threshold", "rise_class", "flood", "bin", "cost_loss"]].isna().all(axis=1)
    return rows[plain].set_index(KEY)["value"]
