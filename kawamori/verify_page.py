"""The page of a verification: tables and figures in one file that needs no network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from forecasting.types import LevelForecast
from forecasting.verification.hindcasts import Hindcast
from forecasting.verification.judge import OLD_MAXIMUM, tidy
from forecasting.verification.pairs import truth_of
from kawamori import verify_figures as figures
from kawamori.verify_style import SUITE_NAMES
from kawamori.verify_tables import RAIN_NAMES, shown_leads, tables_of

if TYPE_CHECKING:
    from kawamori.verify import Verdict
    from kawamori.verify_trials import Trial

LARGEST = 5
BESIDE = "raw"
RAIN_ORDER = ("noisy", "none", "perfect")  # the first that there is is drawn in the fans


@dataclass(frozen=True)
class Shown:
    """One figure: what it shows in words, and its bytes for the page."""

    caption: str
    png: bytes

    @property
    def source(self) -> str:
        """Give the figure as it stands in the page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def write_page(verdict: Verdict, path: Path) -> None:
    """Write the page of a verdict."""
    scores = tidy(verdict.scores)
    suites = [trial.docket.suite for trial in verdict.trials]
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template("verify.html").render(
        verdict=verdict,
        suite_names=SUITE_NAMES,
        rain_names=RAIN_NAMES,
        tables={suite: tables_of(scores, suite) for suite in suites},
        figures=figures_of(verdict, scores),
    )
    path.write_text(page, encoding="utf-8")


def figures_of(verdict: Verdict, scores: pd.DataFrame) -> list[Shown]:
    """Give the figures of a verdict, in the order of the page."""
    suites = [trial.docket.suite for trial in verdict.trials]
    leads = shown_leads(scores["lead_h"].dropna().unique().tolist())
    lead_h = leads[len(leads) // 2]
    drawn = {
        "予測時間ごとの skill と CRPS(出水時)": figures.skill_by_lead(scores, suites),
        f"確率の信頼度({lead_h:g} 時間先、全基準水位。5 件未満の点は省く)": figures.reliability(
            scores, suites, lead_h
        ),
        "90 % 幅に入った割合(観測された 3 時間の上昇別、行は予測時間)。帯は 85–95 %": (
            figures.coverage_by_class(scores, suites, leads)
        ),
        f"氾濫注意水位({lead_h:g} 時間先)の予測で対策する経済的価値": figures.economic_value(
            scores, suites, lead_h
        ),
    }
    shown = [Shown(caption, png) for caption, png in drawn.items()]
    return [shown[0], *(fan for trial in fanned(verdict) for fan in _fans(verdict, trial)),
            *shown[1:]]  # fmt: skip


def fanned(verdict: Verdict) -> list[Trial]:
    """Give the suites whose floods are drawn: the first, and that of floods above the maximum."""
    above = [trial for trial in verdict.trials[1:] if trial.docket.old_maximum_m]
    return [*verdict.trials[:1], *above]


def _fans(verdict: Verdict, trial: Trial) -> list[Shown]:
    """Give the hydrographs of the largest floods held out, of the first model of the file."""
    docket = trial.docket
    floods = docket.floods[:LARGEST]
    if not floods:
        return []
    one, beside = _main(verdict, docket.suite)
    forecast, gauge_id = one.forecasts["none"], floods[0].gauge_id
    gauge = next(gauge for gauge in docket.gauges if gauge.gauge_id == gauge_id)
    levels = dict(gauge.thresholds.items())
    levels |= {OLD_MAXIMUM: docket.old_maximum_m[gauge_id]} if docket.old_maximum_m else {}
    caption = (
        f"{SUITE_NAMES[docket.suite]}(ピーク日は UTC、横軸は日本時間): {one.model_id}、"
        f"{RAIN_NAMES[one.rain]}、学習にその出水を含まない"
    )
    told = figures.Told(forecast, beside)
    drawn = figures.fans(told, truth_of(forecast, docket.observations), floods, levels)
    return [Shown(caption, drawn)]


def _main(verdict: Verdict, suite: str) -> tuple[Hindcast, tuple[str, LevelForecast] | None]:
    """Give the hindcasts to look at first: the file's first model, with the rain as usual.

    Beside it the model on the raw stage, which cannot pass what it has seen.
    """
    ran = verdict.hindcasts[suite]
    mine = [one for one in ran if one.model_id == verdict.config.models[0]]
    raw = [(one.model_id, one.forecasts["none"]) for one in ran if one.model_id == BESIDE]
    first = min(mine, key=lambda one: RAIN_ORDER.index(one.rain))
    return first, raw[0] if raw and first.model_id != BESIDE else None
