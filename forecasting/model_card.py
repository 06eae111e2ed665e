"""The model card: what a kept model was trained on, how good it was, and what it is not for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIMITS = (
    "自前の予測は職員の判断材料であり、住民への文面には出さない（気象業務法17条。許可を得た場合を除く）。"
    " Own forecasts are for staff, never for public texts.",
    "It is no official forecast (洪水予報): official warnings and observed levels go before it.",
    "It knows rain up to the issue time, and later rain only where a rain forecast is given: "
    "rain still to fall beyond the basin's response time is its largest error.",
    "Above the highest level of the training it extrapolates a rise: look at the band, not only "
    "at the median.",
    "Moved gauges, new weirs, dam rules changed after training are unknown to it: train again.",
)


@dataclass(frozen=True)
class CardFacts:
    """What the one who trained says about the training; it becomes part of the model."""

    title: str  # of the place or series
    data_digest: str  # sha256 of the series it was trained on
    train: tuple[tuple[str, str], ...]  # periods, ISO 8601, both ends included
    figures: tuple[Mapping[str, Any], ...] = ()  # scores on times it has not seen, one per row
    figures_from: str = "not measured for this model"
    limits: tuple[str, ...] = ()  # besides LIMITS: what of the data is simulated or assumed
    credits: tuple[str, ...] = ()


def model_card(model_id: str, config: Mapping[str, Any], facts: CardFacts, made: str) -> str:
    """Give the card as Markdown; the same facts give the same bytes.

    Parameters
    ----------
    config
        Of `RiseModel.config`.
    made
        The versions of the software, as one line.
    """
    named = {gauge["gauge_id"]: gauge for gauge in config["gauges"]}
    targets = [_gauge(named[target]) for target in config["targets"]]
    leads = ", ".join(f"{lead_s / 3600:g}" for lead_s in config["leads_s"])
    blocks = [
        f"# {facts.title}: river levels by `{model_id}`",
        f"Forecasts {len(targets)} gauge(s), {leads} h ahead, as quantiles of the level above gauge"
        " zero [m].",
        _section("予測する水位観測所 / Gauges", targets),
        _section("学習期間 / Trained on", [f"{first} – {last}" for first, last in facts.train]),
        f"Series sha256 `{facts.data_digest}`, seed {config['seed']}; {made}.",
        f"## 成績 / Figures\n\n{facts.figures_from}\n\n{_table(facts.figures)}".rstrip(),
        _section("限界 / Limits", [*LIMITS, *facts.limits]),
        _section("出典 / Credits", facts.credits),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _gauge(gauge: Mapping[str, Any]) -> str:
    return f"{gauge['name']} ({gauge['river']}, `{gauge['gauge_id']}`)"


def _section(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {_flat(line)}" for line in lines) if lines else ""


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row.get(name)) for name in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    text = "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return _flat(text).replace("|", "\\|")


def _flat(text: str) -> str:
    return " ".join(text.split())
