"""How the figures of a verification look: colours, marks, Japanese where the font is installed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecasting.verification.judge import OLD_MAXIMUM
from kawamori.verify_tables import RAIN_NAMES

FONT = "BIZ UDPGothic"
COLOURS = {
    "persistence": "#6b7280", "linear": "#0072b2", "raw": "#cc79a7", "quantile": "#009e73",
    "gbm": "#d55e00",
}  # fmt: skip
MORE = ("#e69f00", "#56b4e9", "#000000")
DASHES = {"none": "-", "noisy": "--", "perfect": ":"}
MARKS = {"noisy": "s", "perfect": "^"}
MODEL_MARKS = {"persistence": "x", "linear": "o", "raw": "v", "quantile": "D", "gbm": "P"}
OTHER_MARK = "*"
CLASS_NAMES = {"falling": "急な低下", "steady": "平常", "rising": "上昇", "steep": "急な上昇"}
SUITE_NAMES = {
    "leave_one_flood_out": "出水ひとつずつ除外", "above_maximum": "既往最大を超える出水",
    "held_out": "期間を除外",
}  # fmt: skip
THRESHOLD_COLOURS = {"standby": "#8a8f98", "caution": "#b8860b", "judgment": "#c2410c",
                     "danger": "#7e22ce", "overflow": "#111827",
                     OLD_MAXIMUM: "#be123c"}  # fmt: skip
JST = np.timedelta64(9, "h")


def japanese() -> bool:
    """Tell whether the Japanese font is installed; without it labels are English."""
    return any(font.name == FONT for font in font_manager.fontManager.ttflist)


def cases_of(rows: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Give model, rain and rows of each case, in the order in which they were run."""
    for (model, rain), part in rows.groupby(["model", "rain"], sort=False):
        yield str(model), str(rain), part


def style_of(model: str, rain: str) -> dict[str, Any]:
    """Give how a case is drawn: colour by model, dash by rain, mark by rain or else by model.

    The marks tell models apart where the colours do not: in grey, or to the colour-blind.
    """
    spare = MORE[sum(map(ord, model)) % len(MORE)]
    label = model if rain == "none" else f"{model}, {text(RAIN_NAMES[rain], rain + ' rain')}"
    mark = MARKS.get(rain) or MODEL_MARKS.get(model, OTHER_MARK)
    return {"color": COLOURS.get(model, spare), "ls": DASHES[rain], "marker": mark, "ms": 5,
            "lw": 1.6, "label": label}  # fmt: skip


def legend(figure: Figure, axis: Axes) -> None:
    """Put the legend of one panel beside all panels."""
    handles, labels = axis.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(list(named.values()), list(named), loc="outside right upper", frameon=False)


def text(japanese_text: str, english_text: str) -> str:
    """Give the Japanese text where the font is installed, else the English one."""
    return japanese_text if japanese() else english_text


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the house style inside this context."""
    family = [FONT] if japanese() else ["DejaVu Sans"]
    settings: Any = {"font.family": family, "axes.spines.top": False, "axes.spines.right": False,
                "axes.unicode_minus": False, "font.size": 10, "axes.titlesize": 10}  # fmt: skip
    with mpl.rc_context(settings):
        yield


def png(figure: Figure) -> bytes:
    """Give the figure as PNG, the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()
