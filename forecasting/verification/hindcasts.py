"""What a model would have said on stretches it has not seen, with and without rain and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from forecasting.evaluate import only
from forecasting.models import LevelModel
from forecasting.rain import noisy_rain, perfect_rain
from forecasting.types import Gauge, LevelForecast, Observations, RainForecast, utc64
from forecasting.verification.outages import Outage, Stacked, Times, stack
from forecasting.verification.splits import Split

AT_ONCE = 500  # outages on one invented time axis, which would end in 2262
RAIN_MODES = ("none", "noisy", "perfect")
Rain = Mapping[str, RainForecast | None]  # by mode


@dataclass(frozen=True)
class Hindcast:
    """Forecasts of one model for all splits of a suite, by outage; "none" = nothing is out."""

    model_id: str
    rain: str
    forecasts: Mapping[str, LevelForecast]


def takes_rain(model: LevelModel | type[LevelModel]) -> bool:
    """Tell whether a model uses a rain forecast; one that does not say so refuses it."""
    return bool(getattr(model, "takes_rain", False))


def rain_cubes(
    observations: Observations, steps: int, modes: Sequence[str], *, members: int, seed: int
) -> Rain:
    """Give the rain cube of every time of the observations, by mode; "none" has none."""
    makers: Mapping[str, Callable[[], RainForecast | None]] = {
        "none": lambda: None,
        "noisy": lambda: noisy_rain(observations, times, steps, members=members, seed=seed),
        "perfect": lambda: perfect_rain(observations, times, steps),
    }
    times = observations["time"].values
    if unknown := sorted(set(modes) - set(makers)):
        raise ValueError(f"rain must be among {list(RAIN_MODES)}, got {unknown}.")
    return {mode: makers[mode]() for mode in modes}


def hindcast(
    new_model: Callable[[], LevelModel],
    observations: Observations,
    splits: Sequence[Split],
    *,
    rain: tuple[str, RainForecast | None] = ("none", None),
    outages: Sequence[Outage] = (),
    gauges: Sequence[Gauge] = (),
    outage_every: int = 1,
    fitted: dict[str, LevelModel] | None = None,
) -> Hindcast:
    """Give the forecasts of a fresh model per split, trained on that split's training alone.

    Parameters
    ----------
    rain
        Mode and cube at every time; training reads it where it learns, tests at issue time.
    outages
        Each is tried at every `outage_every`-th issue time, with the model trained once.
    fitted
        Models by name of the split, trained before (a model that has learned with rain also
        forecasts without); one that is missing is trained and added.

    Returns
    -------
        Forecasts with dims (issued_at, gauge, lead, quantile), issue times rising.

    Raises
    ------
    ValueError
        If a stretch holds no time of the observations, or two stretches overlap.
    """
    parts: dict[str, list[xr.Dataset]] = {name: [] for name in ("none", *map(_name, outages))}
    model_id = ""
    models = {} if fitted is None else fitted
    for split in splits:
        if split.name not in models:
            models[split.name] = new_model().fit(*_training(observations, split, rain[1]))
        model = models[split.name]
        model_id = model.model_id
        issue_times = _issue_times(observations, split)
        cube = _at(rain[1], issue_times)
        parts["none"].append(model.predict_many(observations, issue_times, rain_forecast=cube))
        thinned = issue_times[::outage_every]
        for outage in outages:
            cube = _at(rain[1], thinned)
            out = _without(model, observations, thinned, cube, outage=outage, gauges=gauges)
            parts[outage.name].append(out)
    return Hindcast(model_id, rain[0], {name: _joined(part) for name, part in parts.items()})


def _name(outage: Outage) -> str:
    return outage.name


def _training(
    observations: Observations, split: Split, cube: RainForecast | None
) -> tuple[Observations, RainForecast | None]:
    """Give what may be learned from; the rain is blanked where the levels are."""
    learned = only(observations, split.train)
    if cube is None:
        return learned, None
    times = learned["time"].values
    inside = np.zeros(len(times), dtype=bool)
    for first, last in split.train:
        inside |= (times >= utc64(first)) & (times <= utc64(last))
    mask = xr.DataArray(inside, dims="issued_at", coords={"issued_at": times})
    chosen = cube.sel(issued_at=times)
    return learned, RainForecast(chosen.where(mask).assign_attrs(cube.attrs))


def _issue_times(observations: Observations, split: Split) -> Times:
    times = observations["time"].values
    parts = []
    for first, last in split.tests:
        inside = (times >= utc64(first)) & (times <= utc64(last))
        if not inside.any():
            raise ValueError(f"no observation lies in the test {first} to {last}. Choose another.")
        parts.append(times[inside])
    return np.sort(np.concatenate(parts))


def _at(cube: RainForecast | None, issue_times: Times) -> RainForecast | None:
    return None if cube is None else RainForecast(cube.sel(issued_at=issue_times))


def _without(
    model: LevelModel,
    observations: Observations,
    issue_times: Times,
    cube: RainForecast | None,
    *,
    outage: Outage,
    gauges: Sequence[Gauge],
) -> xr.Dataset:
    """Give the forecasts of each target with the input out, at the true issue times."""
    targets = list(model.predict_many(observations, issue_times[:1])["gauge"].values.astype(str))
    parts = []
    for first in range(0, len(issue_times), AT_ONCE):
        times = issue_times[first : first + AT_ONCE]
        each = []
        for target in targets:
            stacked = stack(observations, times, outage, gauges, target)
            each.append(_silenced(model, stacked, times, cube, target=target))
        joined = xr.concat(each, dim="gauge", data_vars="all", coords="different",
                           compat="equals", join="exact", combine_attrs="override")  # fmt: skip
        parts.append(joined)
    return _joined(parts)


def _silenced(
    model: LevelModel,
    stacked: Stacked,
    issue_times: Times,
    cube: RainForecast | None,
    *,
    target: str,
) -> xr.Dataset:
    """Give the forecasts of one target from the blanked pasts, at the true issue times."""
    moved = None
    if cube is not None:
        at = cube.sel(issued_at=issue_times)
        moved = RainForecast(at.assign_coords(issued_at=stacked.issue_times))
    forecast = model.predict_many(stacked.observations, stacked.issue_times, rain_forecast=moved)
    return forecast.sel(gauge=[target]).assign_coords(issued_at=issue_times)


def _joined(parts: Sequence[xr.Dataset]) -> LevelForecast:
    joined = xr.concat(parts, dim="issued_at", data_vars="all", coords="different",
                       compat="equals", join="exact", combine_attrs="override")  # fmt: skip
    joined = joined.sortby("issued_at")
    if joined.indexes["issued_at"].has_duplicates:
        raise ValueError("held-out stretches must not overlap. Give each time to one split.")
    return LevelForecast(joined)
