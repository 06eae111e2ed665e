"""The tables of a verification: the scores that decide, a few leads side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.verification.judge import OLD_MAXIMUM

LEADS_H = (1.0, 3.0, 6.0, 12.0)  # shown where they were forecast
SCORES = {
    "skill": "skill",
    "rmse_m_flood": "出水時 RMSE [m]",
    "crps_m_flood": "出水時 CRPS [m]",
    "bias_m_flood": "出水時の偏り [m]",
    "coverage90": "90 % 幅の的中率",
    "coverage90_flood": "出水時の的中率",
}
ALARMS = {"pod": "POD", "far": "FAR", "csi": "CSI"}
COUNTS = {"crossings", "warned_crossings"}
OUTAGES = {
    "available": "予測できた割合",
    "rmse_ratio": "RMSE 比",
    "rmse_ratio_flood": "出水時 RMSE 比",
}
ABOVE = {"csi": "CSI(既往最大)", "rmse_above_old_m": "既往最大超の RMSE [m]"}
NAMES = {
    "standby": "水防団待機", "caution": "氾濫注意", "judgment": "避難判断", "danger": "氾濫危険",
    "overflow": "氾濫発生", OLD_MAXIMUM: "学習期間の最大",
}  # fmt: skip
OUT_NAMES = {"stage": "水位", "upstream": "上流の水位", "rain": "観測雨"}
RAIN_NAMES = {"none": "雨予測なし", "noisy": "模擬雨予測", "perfect": "完全雨(上限)"}


@dataclass(frozen=True)
class Table:
    """One table: heads in two rows, and rows of text."""

    title: str
    note: str
    heads: tuple[tuple[str, int], ...]  # text and how many columns it spans
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # labels, values


def tables_of(scores: pd.DataFrame, suite: str) -> list[Table]:
    """Give the tables of one suite from tidy scores; an empty one is left out."""
    rows = scores[scores["suite"] == suite]
    whole = rows[rows["outage"] == "none"]
    leads = shown_leads(whole["lead_h"].dropna().unique().tolist())
    found = [
        _by_lead(whole, SCORES, leads, "水位の誤差と幅", "skill = 1 − MSE / 現況維持の MSE。"),
        _alarms(whole, leads),
        _peaks(whole, leads),
        _by_lead(whole[whole["threshold"].isna() | (whole["threshold"] == OLD_MAXIMUM)], ABOVE,
                 leads, "学習期間の最大を超えた時間", "学習したどの水位よりも高い出水。")
        if (whole["threshold"] == OLD_MAXIMUM).any() else None,
        _by_lead(_outages(rows), OUTAGES, leads, "欠測時",
                 "同じ時刻の欠測なしの予測に対する比。", labels=("outage", "model", "rain")),
    ]  # fmt: skip
    return [table for table in found if table is not None]


def _outages(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the rows with an input out, each outage together, named in words."""
    out = rows[rows["outage"] != "none"]
    order = {name: number for number, name in enumerate(out["outage"].unique())}
    cases = {case: number for number, case in enumerate(dict.fromkeys(_cases(rows)))}
    rank = [(order[name], cases[case]) for name, case in zip(out["outage"], _cases(out),
                                                            strict=True)]  # fmt: skip
    ordered = out.iloc[sorted(range(len(out)), key=rank.__getitem__)]
    return ordered.assign(outage=ordered["outage"].map(outage_name))


def _cases(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["model"], rows["rain"], strict=True))


def outage_name(outage: str) -> str:
    """Give an outage as in 水位 3 時間 欠測; one of another form as it is."""
    kind, _, hours = outage.rpartition("_")
    if kind not in OUT_NAMES:
        return outage
    return f"{OUT_NAMES[kind]} {hours.removesuffix('h')} 時間 欠測"


def shown_leads(leads_h: Sequence[float]) -> list[float]:
    """Give the usual leads that there are, or the first, middle and last."""
    usual = sorted(set(LEADS_H) & set(leads_h))
    ordered = sorted(set(leads_h))
    return usual or sorted({ordered[0], ordered[len(ordered) // 2], ordered[-1]})


def _by_lead(
    rows: pd.DataFrame,
    names: dict[str, str],
    leads: Sequence[float],
    title: str,
    note: str,
    *,
    labels: tuple[str, ...] = ("model", "rain"),
) -> Table | None:
    chosen = rows[rows["score"].isin(list(names)) & rows["lead_h"].isin(leads)]
    if chosen.empty:
        return None
    wide = _wide(chosen, labels, ["score", "lead_h"])
    keys = [(score, lead) for score in names for lead in leads if score in set(chosen["score"])]
    heads = tuple((text, len(leads)) for score, text in names.items()
                  if score in set(chosen["score"]))  # fmt: skip
    columns = tuple(f"{lead:g} h" for _, lead in keys)
    return Table(title, note, heads, columns, _rows(wide, keys))


def _alarms(rows: pd.DataFrame, leads: Sequence[float]) -> Table | None:
    lead = leads[len(leads) // 2]
    at = rows[rows["score"].isin(list(ALARMS)) & (rows["lead_h"] == lead)]
    whole = rows[rows["score"].isin(["warning_lead_h", "warned_crossings", "crossings"])]
    both = pd.concat([at, whole])
    reached = set(whole[(whole["score"] == "crossings") & (whole["value"] > 0)]["threshold"])
    if not reached:
        return None
    keys, heads = [], []
    for threshold in (name for name in NAMES if name in reached):
        each = [*ALARMS, "warning_lead_h", "warned_crossings", "crossings"]
        keys += [(threshold, score) for score in each]
        heads.append((NAMES[threshold], len(each)))
    columns = ("POD", "FAR", "CSI", "予告 [h]", "予告した回", "到達した回") * len(heads)
    wide = _wide(both, ("model", "rain"), ["threshold", "score"])
    note = f"{lead:g} 時間先。予告は、上昇中に途切れず警告が続いてから到達するまでの時間。"
    return Table("基準水位ごとの警告", note, tuple(heads), columns, _rows(wide, keys))


def _peaks(rows: pd.DataFrame, leads: Sequence[float]) -> Table | None:
    chosen = rows[rows["score"].isin(["peak_error", "peak_delay_h"]) & rows["lead_h"].isin(leads)]
    if chosen.empty:
        return None
    absolute = chosen.assign(value=chosen["value"].abs())
    wide = _wide(absolute, ("model", "rain"), ["score", "lead_h"])
    keys = [(score, lead) for score in ("peak_error", "peak_delay_h") for lead in leads]
    heads = (("ピークの誤差(割合)", len(leads)), ("ピーク時刻の誤差 [h]", len(leads)))
    note = "出水ごとの絶対値の平均。割合は平常(中央値)からの高さに対する。"
    return Table("ピーク", note, heads, tuple(f"{lead:g} h" for _, lead in keys), _rows(wide, keys))


def _wide(rows: pd.DataFrame, labels: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Give the mean value per labels and columns, in the order in which labels first appear."""
    order = rows[list(labels)].drop_duplicates()
    wide = rows.pivot_table(index=list(labels), columns=list(columns), values="value",
                            aggfunc="mean", sort=False)  # fmt: skip
    return wide.reindex(pd.MultiIndex.from_frame(order))


def _rows(
    wide: pd.DataFrame, keys: Sequence[tuple[object, object]]
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    filled = wide.reindex(columns=pd.MultiIndex.from_tuples(list(keys)))
    return tuple(
        (tuple(RAIN_NAMES.get(str(part), str(part)) for part in label),
         tuple(_text(key, value) for key, value in zip(keys, values, strict=True)))
        for label, values in zip(filled.index, filled.to_numpy(), strict=True)
    )  # fmt: skip


def _text(key: tuple[object, object], value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.0f}" if COUNTS & set(map(str, key)) else f"{value:.2f}"
