"""All scores of a suite in one dataset: one case per model, rain and outage, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import xarray as xr

from forecasting.exceedance import exceedance
from forecasting.types import Exceedance, Gauge, LevelForecast, Observations, Thresholds
from forecasting.verification.alarms import contingency, observed_events, warning_leads
from forecasting.verification.events import Flood
from forecasting.verification.hindcasts import Hindcast
from forecasting.verification.levels import flip_flops, level_scores, peak_scores
from forecasting.verification.pairs import Truth, base_levels, known_rows, truth_of
from forecasting.verification.probabilities import probability_scores

CASE = ("suite", "rain", "outage", "model")
OLD_MAXIMUM = "old_maximum"
COLUMNS = (*CASE, "gauge", "lead_h", "threshold", "rise_class", "flood", "bin", "cost_loss",
           "score", "value")  # fmt: skip


@dataclass(frozen=True)
class Docket:
    """What a suite is judged by."""

    suite: str
    observations: Observations
    gauges: tuple[Gauge, ...]
    floods: tuple[Flood, ...]  # held out, of any target
    warn_at: float  # probability from which a level counts as warned
    old_maximum_m: Mapping[str, float]  # by gauge, the highest level of training; may be empty


def judge(hindcasts: Sequence[Hindcast], docket: Docket) -> xr.Dataset:
    """Give the scores of all hindcasts of one suite.

    Every case without an outage is scored on the rows that all of them and the observations
    know. A case with an outage is scored on its own rows beside the same model without it.

    Returns
    -------
        Dims (case, ...), coordinates suite, rain, outage, model (case).

    Raises
    ------
    ValueError
        If persistence is not among the models, or they were issued at different times.
    """
    names = [one.model_id for one in hindcasts]
    if "persistence" not in names:
        raise ValueError(f"persistence must be among the models, got {sorted(names)}. Add it.")
    whole = [one.forecasts["none"] for one in hindcasts]
    xr.align(*(forecast["level_m"] for forecast in whole), join="exact")
    truth = truth_of(whole[0], docket.observations)
    known = known_rows(whole, truth)
    start_m = whole[names.index("persistence")]["last_level_m"]
    cases = []
    for one in hindcasts:
        for outage, forecast in one.forecasts.items():
            if outage == "none":
                scores = _whole(forecast, truth, known, start_m, docket=docket)
            else:
                scores = _outage(forecast, one.forecasts["none"], truth, start_m)
            cases.append(_case(scores, (docket.suite, one.rain, outage, one.model_id)))
    return concat_cases(cases)


def concat_cases(cases: Sequence[xr.Dataset]) -> xr.Dataset:
    """Give several sets of cases as one; a score that a case has not is NaN."""
    return xr.concat(cases, dim="case", join="outer", data_vars="all", coords="minimal",
                     compat="override", combine_attrs="drop")  # fmt: skip


def tidy(scores: xr.Dataset) -> pd.DataFrame:
    """Give one row per score, NaN left out: what it is of in columns, the value last."""
    parts = []
    for name in scores.data_vars:
        frame = scores[name].rename("value").to_dataframe().reset_index().dropna(subset="value")
        parts.append(frame.assign(score=str(name)))
    table = pd.concat(parts, ignore_index=True)
    if "lead" in table:
        table["lead_h"] = (table["lead"].dt.total_seconds() / 3600).round(4)
    return table.reindex(columns=list(COLUMNS))


def _whole(
    forecast: LevelForecast,
    truth: Truth,
    known: xr.DataArray,
    start_m: xr.DataArray,
    *,
    docket: Docket,
) -> xr.Dataset:
    scores = level_scores(forecast, truth, known, start_m)
    scores["flip_flop_m"] = flip_flops(forecast, truth, known)
    gauges = [str(name) for name in forecast["gauge"].values]
    base_m = base_levels(docket.observations, gauges)
    peaks = peak_scores(forecast, truth, docket.floods, base_m)
    levels = {gauge.gauge_id: dict(gauge.thresholds.items()) for gauge in docket.gauges}
    chances = exceedance(forecast, docket.gauges)
    probability = chances["probability"]
    if docket.old_maximum_m:
        probability = xr.concat([probability, _above_old(forecast, docket)], dim="threshold",
                                coords="minimal", compat="override")  # fmt: skip
        levels = {
            gauge: {**levels[gauge], OLD_MAXIMUM: docket.old_maximum_m[gauge]} for gauge in gauges
        }
        scores["rmse_above_old_m"] = _rms_above(forecast, truth, known, docket.old_maximum_m)
    probability = probability.reset_coords(drop=True).transpose(
        "issued_at", "gauge", "threshold", "lead"
    )
    wanted = [str(name) for name in probability["threshold"].values]
    events = observed_events(truth, levels, wanted)
    probability = probability.where(known)
    parts = [scores, peaks, contingency(probability, events, warn_at=docket.warn_at)]
    parts.append(probability_scores(probability, events))
    parts.append(
        warning_leads(
            Exceedance(xr.Dataset({"probability": probability})),
            docket.observations, levels, warn_at=docket.warn_at,
        )
    )  # fmt: skip
    return xr.merge(parts, join="outer", compat="override")


def _above_old(forecast: LevelForecast, docket: Docket) -> xr.DataArray:
    """Give the probability to reach the highest level of training, as one more threshold."""
    gauges = [
        replace(gauge, thresholds=Thresholds(standby=docket.old_maximum_m[gauge.gauge_id]))
        for gauge in docket.gauges
        if gauge.gauge_id in docket.old_maximum_m
    ]
    above = exceedance(forecast, gauges)["probability"].sel(threshold=["standby"])
    return above.assign_coords(threshold=[OLD_MAXIMUM])


def _rms_above(
    forecast: LevelForecast, truth: Truth, known: xr.DataArray, limits_m: Mapping[str, float]
) -> xr.DataArray:
    """Give the RMSE of the median where the observed level is above a limit, (gauge, lead)."""
    gauges = truth["gauge"].values
    limit = xr.DataArray([limits_m[str(gauge)] for gauge in gauges], dims="gauge",
                         coords={"gauge": gauges})  # fmt: skip
    median = forecast["level_m"].sel(quantile=0.5).reset_coords(drop=True)
    error = (median - truth["observed_m"]).where(known & (truth["observed_m"] > limit))
    squared: xr.DataArray = (error**2).mean("issued_at")
    return squared**0.5


def _outage(
    forecast: LevelForecast, whole: LevelForecast, truth: Truth, start_m: xr.DataArray
) -> xr.Dataset:
    """Give scores with an input out; rmse_ratio is against the same rows without the outage.

    available is the share of cycles (gauge, lead) with a forecast, of those that had one.
    """
    times = forecast["issued_at"].values
    beside = LevelForecast(whole.sel(issued_at=times))
    at = Truth(truth.sel(issued_at=times))
    start = start_m.sel(issued_at=times)
    able, had = known_rows([forecast], at), known_rows([beside], at)
    scores = level_scores(forecast, at, able, start)
    reference = level_scores(beside, at, able & had, start)
    scores = scores.drop_vars(["coverage90_class", "quantile_crossings"])
    share = (able & had).sum("issued_at") / had.sum("issued_at").where(lambda n: n > 0)
    for end in ("", "_flood"):
        scores[f"rmse_ratio{end}"] = scores[f"rmse_m{end}"] / reference[f"rmse_m{end}"]
    return scores.assign(available=share)


def _case(scores: xr.Dataset, names: tuple[str, str, str, str]) -> xr.Dataset:
    coords = {name: ("case", [value]) for name, value in zip(CASE, names, strict=True)}
    return scores.expand_dims("case").assign_coords(coords)
