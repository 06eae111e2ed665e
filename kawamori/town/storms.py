"""Rain that never fell (模擬): storms of several kinds over the rain gauges, and years of weather.

Every kind is a function of hours from its peak and of place, so that gauges see one storm at
different times and strengths. Shapes and strengths are assumed, after what Japanese towns know:
台風 typhoon, 線状降水帯 rainband, 前線 front, 局地的大雨 flash, にわか雨 shower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.signal import lfilter

from kawamori.town.plan import Floats, RainGaugePlan

STEP_MIN = 10
STEPS_PER_H = 60 // STEP_MIN
WINDOW_H = 120.0  # a storm is over this long after its peak, and begins this long before
TEXTURE_SD, TEXTURE_H = 0.35, 0.6  # gustiness of rain: strength and how long it lasts

Times = npt.NDArray[np.datetime64]
Shape = Callable[[Floats, Floats, np.random.Generator], Floats]


@dataclass(frozen=True)
class Storm:
    """A storm: its kind, the rain rate at its peak (None = drawn) and where it is worst [km]."""

    kind: str
    seed: int
    peak_mm_h: float | None = None
    centre_km: tuple[float, float] | None = None


Passage = tuple[np.datetime64, Storm]  # when it peaks, what it is


def _typhoon(hours: Floats, places: Floats, random: np.random.Generator) -> Floats:
    """Rain bands that grow for a day, then stop within two hours; more rain in the hills."""
    local = hours[:, None] - places[:, 0] * 0.03
    rise = np.exp(np.minimum(local, 0) / random.uniform(4.5, 7.0))
    fall = np.exp(-((np.maximum(local, 0) / random.uniform(1.2, 2.2)) ** 2))
    bands = 1 + 0.45 * np.cos(2 * np.pi * local / random.uniform(2.8, 4.2))
    hills = np.clip(1.15 - 0.045 * places[:, 0], 0.6, 1.4)
    return np.asarray(np.where(local > -40, rise * fall * bands / 1.45 * hills, 0))


def _rainband(hours: Floats, places: Floats, random: np.random.Generator) -> Floats:
    """A line of cells that stays for hours: 線状降水帯."""
    bearing = random.uniform(-0.45, 0.35)
    across = places[:, 1] * np.cos(bearing) - places[:, 0] * np.sin(bearing)
    line = np.exp(-0.5 * (across / random.uniform(2.2, 4.0)) ** 2)
    half = random.uniform(1.2, 2.4)
    stay = 1 / (1 + np.exp((np.abs(hours) - half) / 0.25))
    pulses = 1 + 0.3 * np.cos(2 * np.pi * hours / 0.7 + random.uniform(0, 6.3))
    before = 0.12 * np.exp(-0.5 * ((hours + 4) / 3) ** 2)
    return np.asarray((stay * pulses / 1.3 + before)[:, None] * line)


def _front(hours: Floats, places: Floats, random: np.random.Generator) -> Floats:
    """Steady rain of a day and a half with three waves, the peak in the last one."""
    local = hours[:, None] - places[:, 0] * 0.05
    steady = 0.22 / (1 + np.exp((np.abs(local + 14) - random.uniform(16, 20)) / 1.5))
    waves = [(0.0, 0.78, 1.8), (-9.0 - random.uniform(0, 3), 0.4, 2.5), (-21.0, 0.3, 2.2)]
    rate = steady
    for at, size, width in waves:
        rate = rate + size * np.exp(-0.5 * ((local - at) / width) ** 2)
    return rate * np.clip(1.0 - 0.02 * places[:, 0], 0.7, 1.2)


def _flash(hours: Floats, places: Floats, random: np.random.Generator) -> Floats:
    """One drifting cell a few kilometres wide that lasts about two hours."""
    drift = hours[:, None] * random.uniform(-0.8, 0.8)
    gap = np.hypot(places[:, 0][None, :] - drift, places[:, 1][None, :])
    cell = np.exp(-0.5 * (gap / random.uniform(2.4, 3.4)) ** 2)
    return cell * np.exp(-((hours / random.uniform(0.8, 1.3)) ** 4))[:, None]


def _calm(hours: Floats, places: Floats, random: np.random.Generator) -> Floats:
    """A little drizzle."""
    local = hours[:, None] - random.uniform(-10, 10)
    return np.asarray(np.exp(-((local / 3) ** 2)) * np.ones(len(places)))


SHAPES: dict[str, Shape] = {
    "calm": _calm,
    "flash": _flash,
    "front": _front,
    "rainband": _rainband,
    "shower": _flash,
    "typhoon": _typhoon,
}
# Rain rate at the peak: median [mm/h] and spread of its logarithm.
PEAKS = {
    "calm": (1.0, 0.4),
    "flash": (62.0, 0.3),
    "front": (19.0, 0.3),
    "rainband": (50.0, 0.3),
    "shower": (13.0, 0.5),
    "typhoon": (29.0, 0.3),
}
# Weather of ordinary years. Storms a month in winter (December to March), in
# spring and November, and from June to October; their strength against the medians above.
CLIMATE = {
    "front": ((1.6, 2.6, 2.6), 0.17),
    "shower": ((1.5, 3.0, 7.0), 0.7),
    "typhoon": ((0.0, 0.05, 0.28), 0.5),
    "rainband": ((0.0, 0.0, 0.12), 0.5),
    "flash": ((0.0, 0.05, 0.35), 0.5),
}
CLIMATE_SPREAD = 0.4  # of the logarithm of their strength
SEASON = (0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 1, 0)  # of each month, January first


def rain_rate(storm: Storm, hours: Floats, places_km: Floats, *, gusty: bool = True) -> Floats:
    """Give the rain rate at hours from the peak. [mm/h], dims (time, place)"""
    if storm.kind not in SHAPES:
        raise ValueError(f"kind must be one of {sorted(SHAPES)}, got {storm.kind!r}. Choose one.")
    random = np.random.default_rng(storm.seed)
    median, spread = PEAKS[storm.kind]
    drawn = median * float(np.exp(spread * random.normal()))
    centre = np.array([random.uniform(0, 11), random.uniform(1.5, 9)])
    if storm.centre_km is not None:
        centre = np.array(storm.centre_km)
    if storm.kind in ("front", "typhoon"):  # wider than the town
        centre = np.zeros(2)
    peak = drawn if storm.peak_mm_h is None else storm.peak_mm_h
    rate = peak * SHAPES[storm.kind](hours, places_km - centre, random)
    return rate * _texture(rate.shape, random) if gusty else rate


def _texture(shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Give gusts of mean 1 that last TEXTURE_H, half of them shared by all places."""
    kept = np.exp(-1 / (STEPS_PER_H * TEXTURE_H))
    noise = random.normal(size=shape) + random.normal(size=(shape[0], 1))
    walk = lfilter([np.sqrt((1 - kept**2) / 2)], [1, -kept], noise, axis=0)
    return np.asarray(np.exp(TEXTURE_SD * walk - TEXTURE_SD**2 / 2))


def storm_rain(
    storms: Sequence[Passage],
    times: Times,
    gauges: Sequence[RainGaugePlan],
    *,
    gusty: bool = True,
) -> xr.DataArray:
    """Give the rain of several storms, each with its peak time, added up.

    `times` are the ends of 10-min intervals. Dims (time, rain_gauge). [mm per step]
    """
    places = np.array([gauge.place for gauge in gauges])
    total = np.zeros((len(times), len(gauges)))
    since = (times - times[0]) / np.timedelta64(1, "h")
    for peak, storm in storms:
        at = (peak - times[0]) / np.timedelta64(1, "h")
        first, last = np.searchsorted(since, [at - WINDOW_H, at + WINDOW_H])
        if last > first:
            rate = rain_rate(storm, since[first:last] - at, places, gusty=gusty)
            total[first:last] += rate / STEPS_PER_H
    total[total < 0.02] = 0.0
    ids = [gauge.rain_gauge_id for gauge in gauges]
    return xr.DataArray(
        total, dims=("time", "rain_gauge"), coords={"time": times, "rain_gauge": ids}
    )


def steps(start: np.datetime64, hours: float) -> Times:
    """Give the ends of the 10-min intervals of a span, UTC."""
    count = round(hours * STEPS_PER_H)
    step = np.timedelta64(STEP_MIN, "m").astype("timedelta64[ns]")
    return np.asarray(start.astype("datetime64[ns]") + step * np.arange(1, count + 1))


def years_of_storms(start: np.datetime64, years: int, seed: int) -> list[Passage]:
    """Give the storms of some ordinary years, month by month, in order of kind."""
    random = np.random.default_rng(seed)
    storms = []
    for month in np.arange(start.astype("datetime64[M]"), years * 12):
        season = SEASON[int(month.astype(int)) % 12]
        span = (month + 1).astype("datetime64[m]") - month.astype("datetime64[m]")
        for kind, (monthly, strength) in CLIMATE.items():
            for _ in range(random.poisson(monthly[season])):
                at = month.astype("datetime64[m]") + span * random.uniform()
                spread = float(np.exp(CLIMATE_SPREAD * random.normal()))
                peak = strength * PEAKS[kind][0] * spread
                storms.append((at, Storm(kind, int(random.integers(2**31)), peak)))
    return storms
