"""The history of head counts in shelters as one figure: all of them, and the fullest by name."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure

from kawamori.verify_style import png, styled, text
from kawamori.words import JST
from shelters.occupancy import occupancy_totals

NAMED = 8  # shelters drawn by name: those with the most people at any time
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b7280", "#000000")


def occupancy_figure(table: pd.DataFrame) -> bytes:
    """Draw `read_occupancy` as PNG, times in JST; a count that is not known leaves a gap.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    if table.empty:
        raise ValueError("a history needs at least one list of open shelters, got none.")
    totals = occupancy_totals(table)
    # A total that leaves out an unknown count is only a lower bound: it is not joined by the line.
    known = totals["people"].astype(float).where(totals["unknown"] == 0)
    with styled():
        figure = Figure(figsize=(10, 7), layout="constrained")
        top, middle, low = figure.subplots(3, 1, sharex=True, height_ratios=[2, 1, 3])
        when = totals.index.tz_convert(JST)  # type: ignore[attr-defined]
        top.plot(when, known, marker=".", color="#111827", lw=1.4)
        top.set_ylabel(text("避難者 [人]", "people"))
        middle.step(when, totals["shelters"], where="post", color="#111827", lw=1.4)
        middle.set_ylabel(text("開設数", "open shelters"))
        _fullest(low, table)
        low.set_ylabel(text("避難所別 [人]", "people by shelter"))
        for axis in (top, middle, low):
            axis.set_ylim(bottom=0)
        low.xaxis.set_major_formatter(DateFormatter("%-m/%-d", tz=JST))  # type: ignore[no-untyped-call]
        low.legend(loc="upper right", frameon=False, ncols=2)
        return png(figure)


def _fullest(axis: Axes, table: pd.DataFrame) -> None:
    counts = table.pivot_table(
        index="time", columns=["shelter_id", "name"], values="people", aggfunc="last", sort=True
    ).astype(float)
    order = counts.max().sort_values(ascending=False, kind="stable").index[:NAMED]
    for colour, key in zip(COLOURS, order, strict=False):
        when = counts.index.tz_convert(JST)  # type: ignore[attr-defined]
        axis.plot(when, counts[key], marker=".", ms=4, lw=1.2, color=colour, label=str(key[1]))
