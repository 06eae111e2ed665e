"""The page of a verification: tables and figures in one file that needs no network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from forecasting.verification.hindcasts import Hindcast
from forecasting.verification.judge import tidy
from forecasting.verification.pairs import truth_of
from kawamori import verify_figures as figures
from kawamori.verify_style import SUITE_NAMES
from kawamori.verify_tables import RAIN_NAMES, shown_leads, tables_of

if TYPE_CHECKING:
    from kawamori.verify import Verdict

LARGEST = 5
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
    fans = _fans(verdict)
    return shown if fans is None else [shown[0], fans, *shown[1:]]


def _fans(verdict: Verdict) -> Shown | None:
    """Give the hydrographs of the largest floods held out, of the first model of the file."""
    trial = verdict.trials[0]
    floods = trial.docket.floods[:LARGEST]
    if not floods:
        return None
    one = _main(verdict)
    forecast = one.forecasts["none"]
    truth = truth_of(forecast, trial.docket.observations)
    gauge = next(gauge for gauge in trial.docket.gauges if gauge.gauge_id == floods[0].gauge_id)
    caption = (
        f"大きい出水(ピーク日・UTC、横軸は日本時間): {one.model_id}、{RAIN_NAMES[one.rain]}、"
        "学習にその出水を含まない"
    )
    drawn = figures.fans(forecast, truth, floods, dict(gauge.thresholds.items()))
    return Shown(caption, drawn)


def _main(verdict: Verdict) -> Hindcast:
    """Give the hindcasts to look at first: of the file's first model, with the rain as usual."""
    suite = verdict.trials[0].docket.suite
    mine = [one for one in verdict.hindcasts[suite] if one.model_id == verdict.config.models[0]]
    return min(mine, key=lambda one: RAIN_ORDER.index(one.rain))
