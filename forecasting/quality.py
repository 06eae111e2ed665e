"""Which readings can be believed: the tests of `forecasting.screening` in QARTOD flags.

Values are kept, flags are only raised. By default the flag of a reading depends on readings up to
its own time, as at the desk; `hindsight=True` cleans an archive and also looks one step ahead.
A model uses what is GOOD or SUSPECT: a flood is never BAD.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.screening.jumps import jump_flags
from forecasting.screening.limits import level_limits, range_flags
from forecasting.screening.neighbours import alone_flags
from forecasting.screening.series import Flags, Numbers, Series, flags_of, series_of
from forecasting.screening.shifts import shift_flags
from forecasting.screening.spikes import spike_flags
from forecasting.screening.stillness import flat_flags, stuck_flags
from forecasting.types import (
    BAD,
    GOOD,
    MISSING,
    NOT_EVALUATED,
    SUSPECT,
    Gauge,
    Observations,
    check_observations,
    step_of,
)

__all__ = ["TESTS", "flag", "good", "level_limits", "most_rain_mm", "screen", "worst"]
SEVERITY = (NOT_EVALUATED, GOOD, SUSPECT, BAD, MISSING)  # least first
# Japan: 187 mm in an hour (長与 1982), 50 mm in 10 min (室谷 2011, 熊谷 2020).
MOST_RAIN_MM_PER_H, MOST_RAIN_MM_PER_10_MIN = 300.0, 60.0


def _jumps(series: Series) -> Flags:
    """Jumps between readings that are no spikes of an archive."""
    return jump_flags(series, spike_flags(series) == BAD)


TESTS: dict[str, Callable[[Series], Flags]] = {
    "range": range_flags,
    "rate": _jumps,
    "flat": flat_flags,
    "spike": spike_flags,
    "stuck": stuck_flags,
    "shift": shift_flags,
    "alone": alone_flags,
}


def screen(
    observations: Observations, gauges: Sequence[Gauge], *, hindsight: bool = False
) -> xr.DataArray:
    """Give what each test says of each level, (test, time, gauge), in QARTOD flags.

    Parameters
    ----------
    gauges
        Their thresholds limit the range, their rain gauges say when a flat line is a stuck one.
        A gauge of the observations that is not here is held against its own past alone.
    hindsight
        Also use readings after the flagged one (spikes; the whole of a flat line). Never for
        forecasts: only for looking at archives.
    """
    rain = observations["rain_mm"].values
    believed = np.where(_rain_flags(observations) == BAD, np.nan, rain)
    series = series_of(observations, gauges, believed, hindsight=hindsight)
    missing = np.isnan(series.level_m)
    found = [np.where(missing, MISSING, test(series)) for test in TESTS.values()]
    coords = {name: observations[name].values for name in ("time", "gauge")}
    return xr.DataArray(
        np.stack(found).astype("int8"),
        dims=("test", "time", "gauge"),
        coords={"test": list(TESTS), **coords},
    )


def flag(
    observations: Observations, gauges: Sequence[Gauge], *, hindsight: bool = False
) -> Observations:
    """Give the observations with flags raised where a reading fails a test; values are kept.

    Parameters as of `screen`.
    """
    tests = screen(observations, gauges, hindsight=hindsight)
    flagged = observations.copy()
    found = {"level": worst(*tests.values), "rain": _rain_flags(observations)}
    for name, flags in found.items():
        before = flagged[f"{name}_flag"]
        flagged[f"{name}_flag"] = before.copy(data=worst(before.values, flags))
    return check_observations(flagged)


def good(observations: Observations) -> Observations:
    """Give the observations with NaN where the flag is BAD or MISSING, for a model to use."""
    usable = observations.copy()
    for variable, name in (("level_m", "level_flag"), ("rain_mm", "rain_flag")):
        usable[variable] = usable[variable].where(~usable[name].isin([BAD, MISSING]))
    return check_observations(usable)


def counts(tests: xr.DataArray) -> pd.DataFrame:
    """Give how many readings of each gauge a test doubted or refused, gauges with any only.

    Returns
    -------
        Columns gauge_id, test, suspect, bad, first_at, last_at (UTC).
    """
    rows = []
    for test in tests["test"].values:
        flags = tests.sel(test=test).values
        doubted = (flags == SUSPECT) | (flags == BAD)
        for column in np.flatnonzero(doubted.any(axis=0)):
            at = tests["time"].values[doubted[:, column]]
            rows.append({
                "gauge_id": str(tests["gauge"].values[column]), "test": str(test),
                "suspect": int((flags[:, column] == SUSPECT).sum()),
                "bad": int((flags[:, column] == BAD).sum()),
                "first_at": at[0], "last_at": at[-1],
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["gauge_id", "test", "suspect", "bad", "first_at", "last_at"])


def most_rain_mm(step_h: float) -> float:
    """Give the most rain that may fall in a step, well above the records. [mm per step]"""
    return max(MOST_RAIN_MM_PER_10_MIN, MOST_RAIN_MM_PER_H * step_h)


def worst(*flags: Flags) -> Flags:
    """Give the most severe of several flags: missing, bad, suspect, good, not evaluated."""
    rank = np.zeros(max(SEVERITY) + 1, dtype="int8")
    rank[list(SEVERITY)] = range(len(SEVERITY))
    highest = np.max(np.stack([rank[one] for one in flags]), axis=0)
    severe: Flags = np.array(SEVERITY, dtype="int8")[highest]
    return severe


def _rain_flags(observations: Observations) -> Flags:
    rain: Numbers = np.asarray(observations["rain_mm"].values, dtype="float64")
    step_h = float(step_of(observations) / np.timedelta64(1, "s")) / 3600
    flags = flags_of(np.zeros(rain.shape, dtype=bool), (rain < 0) | (rain > most_rain_mm(step_h)))
    return np.where(np.isnan(rain), MISSING, flags).astype("int8")
