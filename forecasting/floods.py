"""Which floods a series holds, and folds of training time that leave whole floods out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats

HIGH_QUANTILE = 0.99  # of levels; a flood peaks above it
APART_H = 72.0  # two peaks closer than this are one flood
GAP_H = 48.0  # hours left out on both sides of what is held out
Times = NDArray[np.datetime64]
Rows = NDArray[np.intp]


def flood_peaks(level_m: Floats, times: Times, *, apart_h: float = APART_H) -> Rows:
    """Give the rows of flood peaks, in time order.

    A peak is the highest level within `apart_h` hours on both sides and lies above the 99 %
    quantile of the known levels; a series without any level has none.
    """
    known = np.isfinite(level_m)
    if not known.any():
        return np.zeros(0, dtype=np.intp)
    high = np.flatnonzero(known & (level_m > np.quantile(level_m[known], HIGH_QUANTILE)))
    apart = np.timedelta64(round(apart_h * 3600), "s")
    peaks: list[int] = []
    for row in high[np.argsort(-level_m[high], kind="stable")]:
        if all(abs(times[row] - times[peak]) > apart for peak in peaks):
            peaks.append(int(row))
    return np.array(sorted(peaks), dtype=np.intp)


def flood_folds(level_m: Floats, times: Times, folds: int) -> Rows:
    """Give the fold (time) of each time, 0 to `folds` - 1 at most; no flood is cut in two.

    Time is cut half-way between neighbouring peaks. The floods are dealt out by height, there and
    back, so that each fold holds high and low ones. With fewer than two floods, time is cut into
    blocks of equally many known levels.
    """
    peaks = flood_peaks(level_m, times)
    if len(peaks) < 2:
        known = np.isfinite(level_m)
        return np.asarray(np.maximum(known.cumsum() - 1, 0) * folds // max(known.sum(), 1))
    folds = min(folds, len(peaks))
    event = np.searchsorted((peaks[1:] + peaks[:-1]) // 2, np.arange(len(times)), side="right")
    rank = np.argsort(np.argsort(-level_m[peaks], kind="stable"), kind="stable")
    turn = rank % (2 * folds)
    dealt = np.where(turn < folds, turn, 2 * folds - 1 - turn)
    return np.asarray(dealt[event], dtype=np.intp)


def held_out(times: Times, rows: Rows, fold: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Give (seen rows, held-out rows) of each fold that has rows; a gap lies between them.

    `fold` (time) is the fold of every time. With one fold nothing can be held out; then the rows
    are seen and held out alike.
    """
    numbers = np.unique(fold[rows])
    if len(numbers) < 2:
        yield rows, rows
        return
    reach = int(np.timedelta64(round(GAP_H * 3600), "s") / (times[1] - times[0]))
    for number in numbers:
        out = np.concatenate([[0], np.cumsum(fold == number)])
        first = np.maximum(rows - reach, 0)
        near = out[np.minimum(rows + reach + 1, len(times))] > out[first]
        yield rows[~near], rows[fold[rows] == number]
