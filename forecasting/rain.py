"""Rain of the lead window as known at issue time: a cube of issue time, lead, rain gauge, member.

Rain is told apart by when it was said: what fell later is never a feature, what was forecast is.
Three ways to a cube: an archive of issued forecasts, perturbed observations where there is no
archive (模擬, a stand-in), and observations themselves (perfect rain, a bound, never a skill).

`forecasting.rain_errors` holds the error model of the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.features import USABLE, Floats
from forecasting.rain_errors import draw, near_rain, perturb, rain_at
from forecasting.types import Observations, RainForecast, step_of

DIMS = ("lead", "rain_gauge", "member")
Times = NDArray[np.datetime64]

CHUNK = 4096  # issue times at once

PERFECT_NOTE = "perfect rain: what was observed later, known to nobody at issue time"
NOISY_NOTE = (
    "模擬・仮定: observations made worse by the error model of forecasting/rain_errors.py, "
    "a stand-in for an archive of issued forecasts"
)


def perfect_rain(
    observations: Observations, issue_times: Times | Sequence[np.datetime64], steps: int
) -> RainForecast:
    """Give the rain that fell in the lead window: only for a bound, never for a skill.

    Parameters
    ----------
    issue_times
        On the time grid of the observations.
    steps
        Leads 1 to `steps` times the step of the observations.

    Returns
    -------
        Dims (issued_at, lead, rain_gauge, member), one member [mm per step]; NaN where the
        observation is missing or bad, attrs["mode"] = "perfect".
    """
    rain, rows, step = _read(observations, issue_times, steps)
    leads = np.arange(1, steps + 1)
    values = rain_at(rain, (rows[:, None] + leads).astype(float))[..., None]
    return _cube(values, observations, issue_times, step, mode="perfect", comment=PERFECT_NOTE)


def noisy_rain(
    observations: Observations,
    issue_times: Times | Sequence[np.datetime64],
    steps: int,
    *,
    members: int,
    seed: int,
) -> RainForecast:
    """Give perturbed analogues (模擬): the rain that fell, made as uncertain as a forecast of it.

    It reads observations after the issue time in order to perturb them: a stand-in for an
    archived forecast (仮定), for training and tests, never at the desk. A member depends on the
    seed, its number and its issue time alone, not on the other issue times or members.

    Returns
    -------
        Dims (issued_at, lead, rain_gauge, member) [mm per step], NaN where an observation that
        it is made of is missing; attrs["mode"] = "noisy".
    """
    if members < 1:
        raise ValueError(f"members must be >= 1, got {members}.")
    rain, rows, step = _read(observations, issue_times, steps)
    times = np.asarray(issue_times, dtype="datetime64[ns]")
    step_h = float(step / np.timedelta64(1, "s")) / 3600
    near = near_rain(rain, step_h)
    values = np.empty((len(rows), steps, rain.shape[1], members), dtype=np.float32)
    for first in range(0, len(rows), CHUNK):
        chunk = slice(first, first + CHUNK)
        draws = draw(times[chunk], members, 1 + 2 * steps * (rain.shape[1] + 1), seed)
        values[chunk] = perturb(rain, near, rows[chunk], draws, step_h=step_h)
    return _cube(values, observations, times, step, mode="noisy", comment=NOISY_NOTE, seed=seed)


def archived_rain(
    archive: RainForecast, issue_times: Times | Sequence[np.datetime64], steps: int
) -> RainForecast:
    """Give, for each issue time, the newest archived forecast issued at or before it.

    A forecast of three hours ago is read three hours further ahead; NaN where it does not reach
    and before the first one. attrs["mode"] = "archived".
    """
    archive = check_rain_forecast(archive)
    if "issued_at" not in archive.dims:
        raise ValueError("an archive must have the dim issued_at, got one issue. Add the dim.")
    times = np.asarray(issue_times, dtype="datetime64[ns]")
    issued, step = archive["issued_at"].values, archive["lead"].values[0]
    newest = np.searchsorted(issued, times, side="right") - 1
    age = (times - issued[np.maximum(newest, 0)]) / step
    if not np.array_equal(age, np.round(age)):
        raise ValueError("issue times must lie whole steps after the archived ones. Round them.")
    wanted = age.astype(int)[:, None] + np.arange(steps)
    inside = (newest[:, None] >= 0) & (wanted < archive.sizes["lead"])
    picked = archive.values[np.maximum(newest, 0)[:, None], np.where(inside, wanted, 0)]
    values = np.where(inside[..., None, None], picked, np.nan)
    coords = {"issued_at": times, "lead": step * np.arange(1, steps + 1)}
    kept = {name: archive[name].values for name in ("rain_gauge", "member")}
    attrs = {**archive.attrs, "mode": "archived"}
    return check_rain_forecast(
        xr.DataArray(values, dims=("issued_at", *DIMS), coords=coords | kept, attrs=attrs)
    )


def check_rain_forecast(rain: xr.DataArray) -> RainForecast:
    """Give the array as `RainForecast`, or raise naming every fault.

    Dims ([issued_at,] lead, rain_gauge, member) [mm per step]; lead is 1, 2, … times the step as
    timedelta64; without `issued_at` it is the rain of one issue. NaN = unknown.
    """
    faults = []
    if rain.dims not in (DIMS, ("issued_at", *DIMS)):
        faults.append(f"dims must be ([issued_at,] {', '.join(DIMS)}), got {rain.dims}")
    faults += [f"coordinate {name} is missing" for name in rain.dims if name not in rain.coords]
    if not faults:
        lead = rain["lead"].values
        whole = lead.dtype.kind == "m" and len(lead) and lead[0] > np.timedelta64(0, "ns")
        if not (whole and np.array_equal(lead, lead[0] * np.arange(1, len(lead) + 1))):
            faults.append(
                f"lead must be 1, 2, … times the step as timedelta64, got {lead[:3].astype(str)}"
            )
        for name in rain.dims:
            if rain.indexes[name].has_duplicates:
                faults.append(f"{name} must not repeat")
        if "issued_at" in rain.dims and not rain.indexes["issued_at"].is_monotonic_increasing:
            faults.append("issued_at must rise")
        if (negative := int((rain < 0).sum())) > 0:
            faults.append(f"rain must be >= 0 mm, {negative} values are negative")
    if faults:
        raise ValueError("The rain forecast is not usable: " + "; ".join(faults) + ".")
    checked = rain.copy(deep=False)
    checked.attrs = {"units": "mm", "mode": "unknown", **rain.attrs}
    return RainForecast(checked)


def ratio_score(forecast_mm: Floats, observed_mm: Floats, *, sum_mm: float = 20.0) -> float:
    """Give the mean of smaller / larger over pairs of at least `sum_mm` in sum, 1 = perfect [1]_.

    .. [1] See forecasting.rain_errors; the Agency scores 5 km cells, here rain gauges stand in.
    """
    chosen = forecast_mm + observed_mm >= sum_mm  # NaN is not chosen
    pair = np.stack([forecast_mm[chosen], observed_mm[chosen]])
    return float(np.mean(pair.min(axis=0) / pair.max(axis=0))) if chosen.any() else float("nan")


def _read(
    observations: Observations, issue_times: Times | Sequence[np.datetime64], steps: int
) -> tuple[Floats, NDArray[np.intp], np.timedelta64]:
    """Give believed rain (time, rain_gauge), the row of each issue time, and the step."""
    if steps < 1:
        raise ValueError(f"steps must be >= 1, got {steps}.")
    step = step_of(observations)
    times = np.asarray(issue_times, dtype="datetime64[ns]")
    rows = (times - observations["time"].values[0]) / step
    if off := [str(time) for time in times[rows != np.round(rows)][:3]]:
        raise ValueError(f"issue times must be on the grid of the observations, got {off} UTC.")
    usable = np.isin(observations["rain_flag"].values, USABLE)
    rain = np.where(usable, observations["rain_mm"].values.astype(float), np.nan)
    return rain, rows.astype(np.intp), step


def _cube(
    values: NDArray[np.floating[Any]],
    observations: Observations,
    issue_times: Times | Sequence[np.datetime64],
    step: np.timedelta64,
    **attrs: str | int,
) -> RainForecast:
    coords = {
        "issued_at": np.asarray(issue_times, dtype="datetime64[ns]"),
        "lead": step * np.arange(1, values.shape[1] + 1),
        "rain_gauge": observations["rain_gauge"].values,
        "member": np.arange(values.shape[3]),
    }
    cube = xr.DataArray(values, dims=("issued_at", *DIMS), coords=coords, name="rain_mm")
    cube.attrs = {"units": "mm", "long_name": "forecast rain of the step ending at the lead"}
    cube.attrs |= attrs
    return check_rain_forecast(cube)
