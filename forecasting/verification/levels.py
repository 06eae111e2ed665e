"""Scores of levels per gauge and lead: errors, skill, CRPS, coverage, flip-flop, peaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from scores.continuous import additive_bias, flip_flop_index, mae, mse, quantile_score, rmse

from forecasting.types import LevelForecast, utc64
from forecasting.verification.events import Flood
from forecasting.verification.pairs import RISE_CLASSES, Truth

KEPT = ("gauge", "lead")


def level_scores(
    forecast: LevelForecast, truth: Truth, known: xr.DataArray, start_m: xr.DataArray
) -> xr.Dataset:
    """Give scores (gauge, lead), of all rows and (`_flood`) of the flood rows.

    Parameters
    ----------
    known
        Rows to score, (issued_at, gauge, lead).
    start_m
        Last good level (issued_at, gauge), the forecast of persistence that `skill` is against:
        1 - MSE / MSE of persistence.

    Returns
    -------
        n, rmse_m, mae_m, bias_m (forecast - observed), skill, crps_m, coverage90 (share inside
        the 5 to 95 % quantiles), below90 and above90 (shares outside), the same of flood rows;
        coverage90_class (rise_class) and quantile_crossings (share of rows whose quantiles fall).
    """
    out = xr.Dataset()
    flood = known & truth["flood"]
    for rows, end in ((known, ""), (flood, "_flood")):
        for name, values in _scores(forecast, truth, rows, start_m).items():
            out[f"{name}{end}"] = values
    inside = _inside(forecast, truth["observed_m"])
    classes = []
    for number, _ in enumerate(RISE_CLASSES):
        chosen = known & (truth["rise_class"] == number)
        classes.append(inside.where(chosen).mean("issued_at"))
    by_class = xr.concat(classes, dim="rise_class", coords="minimal", compat="override")
    out["coverage90_class"] = by_class.assign_coords(rise_class=list(RISE_CLASSES))
    falls = (forecast["level_m"].diff("quantile") < 0).any("quantile")
    out["quantile_crossings"] = _plain(falls).where(known).mean("issued_at")
    return out


def _scores(
    forecast: LevelForecast, truth: Truth, rows: xr.DataArray, start_m: xr.DataArray
) -> dict[str, xr.DataArray]:
    observed = truth["observed_m"].where(rows)
    median = _quantile(forecast, 0.5)
    start = _plain(start_m).expand_dims(lead=observed["lead"], axis=-1).where(rows)
    reference = mse(start, observed, preserve_dims=KEPT)
    error = mse(median, observed, preserve_dims=KEPT)
    inside = _inside(forecast, observed)
    low, high = _quantile(forecast, 0.05), _quantile(forecast, 0.95)
    return {
        "n": rows.sum("issued_at").astype(float),
        "rmse_m": rmse(median, observed, preserve_dims=KEPT),
        "mae_m": mae(median, observed, preserve_dims=KEPT),
        "bias_m": additive_bias(median, observed, preserve_dims=KEPT),
        "skill": (1 - error / reference.where(reference > 0)),
        "crps_m": crps(forecast, observed),
        "coverage90": inside.where(rows).mean("issued_at"),
        "below90": (observed < low).where(rows).mean("issued_at"),
        "above90": (observed > high).where(rows).mean("issued_at"),
    }


def crps(forecast: LevelForecast, observed: xr.DataArray) -> xr.DataArray:
    """Give the CRPS (gauge, lead), twice the quantile score averaged over the quantiles. [m]

    Each quantile stands for the probabilities nearest to it, the outer ones up to 0 and 1.
    """
    grid = forecast["quantile"].values.astype(float)
    edges = np.concatenate([[0.0], (grid[1:] + grid[:-1]) / 2, [1.0]])
    total = xr.zeros_like(observed.isel(issued_at=0, drop=True))
    for number, width in enumerate(np.diff(edges)):
        levels = _plain(forecast["level_m"].isel(quantile=number, drop=True))
        total = total + 2 * width * quantile_score(
            levels, observed, float(grid[number]), preserve_dims=KEPT
        )
    return total


def flip_flops(forecast: LevelForecast, truth: Truth, known: xr.DataArray) -> xr.DataArray:
    """Give the mean flip-flop index (gauge) of the medians issued for one flood hour. [m]

    For each flood hour whose every lead is known: how much the forecasts issued one after the
    other swing, beyond what they move on the whole. 0 = they approach from one side.
    """
    median = _quantile(forecast, 0.5).where(known & truth["flood"])
    parts = []
    for gauge in median["gauge"].values:
        by_valid = []
        for lead in median["lead"].values:
            part = median.sel(gauge=gauge, lead=lead, drop=True)
            valid = part["issued_at"].values + lead
            by_valid.append(part.rename(issued_at="valid").assign_coords(valid=valid))
        table = xr.concat(by_valid, dim="lead", join="inner", coords="minimal", compat="override")
        table = table.transpose("valid", "lead").dropna("valid")
        enough = table.sizes["lead"] > 2 and table.sizes["valid"] > 0
        parts.append(float(flip_flop_index(table, "lead").mean()) if enough else np.nan)
    return xr.DataArray(parts, dims="gauge", coords={"gauge": median["gauge"].values})


def peak_scores(
    forecast: LevelForecast,
    truth: Truth,
    floods: Sequence[Flood],
    base_m: Mapping[str, float],
) -> xr.Dataset:
    """Give the error of the highest median of each flood at each lead.

    Returns
    -------
        peak_error (flood, gauge, lead), forecast peak - observed peak as a share of the observed
        peak above `base_m`; peak_delay_h, forecast time - observed time. A flood is one of the
        gauge that it was found at, NaN elsewhere and where a flood is not forecast whole.
    """
    median, lead = _quantile(forecast, 0.5), forecast["lead"].values
    shape = (len(floods), forecast.sizes["gauge"], len(lead))
    error, delay_h = np.full(shape, np.nan), np.full(shape, np.nan)
    names = list(forecast["gauge"].values.astype(str))
    for row, flood in enumerate(floods):
        if flood.gauge_id not in names:
            continue
        column = names.index(flood.gauge_id)
        for number in range(len(lead)):
            values = median.isel(gauge=column, lead=number).values
            valid = forecast["issued_at"].values + lead[number]
            inside = (valid >= utc64(flood.first)) & (valid <= utc64(flood.last))
            inside &= np.isfinite(values)
            observed = truth["observed_m"].isel(gauge=column, lead=number).values
            inside &= np.isfinite(observed)
            if not inside.any() or utc64(flood.peak_at) not in valid[inside]:
                continue
            at, true_at = (np.argmax(part[inside]) for part in (values, observed))
            height = observed[inside][true_at] - base_m[flood.gauge_id]
            error[row, column, number] = (values[inside][at] - observed[inside][true_at]) / height
            gap = valid[inside][at] - valid[inside][true_at]
            delay_h[row, column, number] = gap / np.timedelta64(1, "h")
    coords = {"flood": [f"{flood.peak_at:%Y-%m-%d}" for flood in floods],
              "gauge": names, "lead": lead}  # fmt: skip
    dims = ("flood", "gauge", "lead")
    return xr.Dataset({"peak_error": (dims, error), "peak_delay_h": (dims, delay_h)}, coords)


def _quantile(forecast: LevelForecast, wanted: float) -> xr.DataArray:
    found = np.flatnonzero(np.isclose(forecast["quantile"].values, wanted))
    if not len(found):
        grid = [float(one) for one in forecast["quantile"].values]
        raise ValueError(f"quantiles must hold {wanted}, got {grid}.")
    return _plain(forecast["level_m"].isel(quantile=int(found[0]), drop=True))


def _inside(forecast: LevelForecast, observed: xr.DataArray) -> xr.DataArray:
    low, high = _quantile(forecast, 0.05), _quantile(forecast, 0.95)
    return (low <= observed) & (observed <= high)


def _plain(array: xr.DataArray) -> xr.DataArray:
    """Give the array with its index coordinates alone, dims in the order of the pairs."""
    extra = [name for name in array.coords if name not in array.dims]
    return array.drop_vars(extra).transpose("issued_at", "gauge", ...)
