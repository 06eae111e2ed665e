"""Map tiles of 気象庁's ナウキャスト (hrpns) and 降水短時間予報 (rasrf): classes of rain at points.

A tile is 256 x 256 pixels of a palette; a colour stands for a class, of mm/h in the nowcast (a rate
at a time) and of mm in an hour in the other. A class is an interval: the middle of it is taken
(the lower bound of the open one) and both bounds are kept. Of the two transparent colours that the
palette begins with the first is no data, the second no rain [1]_; anything else transparent, such
as the tiles without a palette that stand for places outside the area, is unknown, never 0.

Not an official interface: it may change without notice, and then colours that are not known are
refused. Lists of times are in UTC; only tiles of listed times may be asked for.

References
----------
.. [1] https://www.jma.go.jp/bosai/nowc/ and its nowc.properties.xml (even zooms 4 to 10, area
   20-48 N, 118-150 E) and legend; the palette as users of the tiles describe it, read 2026-11-22
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from forecasting.rain_periods import RainPeriods
from forecasting.sources.readings import json_of
from forecasting.types import RainGauge, utc64

Floats = NDArray[np.float64]

SIZE = 256
ZOOM = 8  # of even zooms 4 to 10: a pixel is about 0.5 km, and a city lies in one or two tiles
CLEAR = (255, 255, 255)  # transparent: the palette's first entry is no data, its second no rain
CLASSES: Mapping[tuple[int, int, int], tuple[float, float]] = {
    (242, 242, 255): (0.0, 1.0),
    (160, 210, 255): (1.0, 5.0),
    (33, 140, 255): (5.0, 10.0),
    (0, 65, 255): (10.0, 20.0),
    (250, 245, 0): (20.0, 30.0),
    (255, 153, 0): (30.0, 50.0),
    (255, 40, 0): (50.0, 80.0),
    (180, 0, 104): (80.0, math.inf),
}


@dataclass(frozen=True)
class Product:
    """What a list of tiles tells: a class is of so much per hour, over the time before."""

    element: str
    span: timedelta  # that a tile stands for, ending at its valid time
    reach: timedelta


NOWCAST = Product("hrpns", timedelta(minutes=5), timedelta(hours=1))
SHORT_RANGE = Product("rasrf", timedelta(hours=1), timedelta(hours=15))


@dataclass(frozen=True)
class Frame:
    """One time of a list."""

    base: datetime
    valid: datetime
    member: str  # of the path: none, immed


@dataclass(frozen=True)
class Pixel:
    """Where a position lies: tile x, y of a zoom, column and row in it."""

    x: int
    y: int
    column: int
    row: int


def pixel_of(lon: float, lat: float, zoom: int = ZOOM) -> Pixel:
    """Give the pixel of a position (Web Mercator)."""
    whole = SIZE * 2**zoom
    across = (lon + 180) / 360 * whole
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * whole
    column, row = int(across), int(down)
    return Pixel(column // SIZE, row // SIZE, column % SIZE, row % SIZE)


def frames_of(body: bytes, product: Product) -> tuple[Frame, ...]:
    """Give the forecasts of the newest base time in a list of times, by valid time.

    Raises
    ------
    ValueError
        If it is no list of basetime, validtime and elements.
    """
    rows = json_of(body, "list of tile times")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"list of tile times must be a list of objects, got {str(rows)[:80]}.")
    frames = [
        Frame(_time(row, "basetime"), _time(row, "validtime"), _member(row.get("member", "none")))
        for row in rows
        if product.element in _elements(row)
    ]
    ahead = [one for one in frames if one.base < one.valid <= one.base + product.reach]
    if not ahead:
        return ()
    newest = max(one.base for one in ahead)
    return tuple(sorted((one for one in ahead if one.base == newest), key=lambda one: one.valid))


def classes_at(body: bytes, pixels: Sequence[Pixel]) -> tuple[Floats, Floats]:
    """Give the lower and upper bound of the class at pixels of one tile; NaN = unknown.

    Raises
    ------
    ValueError
        If it is no PNG of 256 x 256, or a colour at a pixel is of no known class.
    """
    image = _image(body)
    if image.mode != "P":  # without a palette: outside the area, or a form that is not known
        unknown = np.full(len(pixels), np.nan)
        return unknown, unknown
    palette = np.array(image.getpalette() or (), dtype=int).reshape(-1, 3)
    indices = np.asarray(image)
    low, high = np.empty(len(pixels)), np.empty(len(pixels))
    for place, pixel in enumerate(pixels):
        low[place], high[place] = _class(int(indices[pixel.row, pixel.column]), palette, image)
    return low, high


def periods_of(product: Product, rain_gauges: Sequence[RainGauge], source: str,
               told: Sequence[tuple[Frame, Floats, Floats]]) -> RainPeriods:  # fmt: skip
    """Give the rain of frames with the bounds at each rain gauge, in mm per period.

    Of frames that do not follow on each other the times between are left out.
    """
    share = product.span / timedelta(hours=1)
    low = np.array([bounds for _, bounds, _ in told]) * share
    high = np.array([bounds for _, _, bounds in told]) * share
    starts = np.array([utc64(frame.valid - product.span) for frame, _, _ in told])
    ends = np.array([utc64(frame.valid) for frame, _, _ in told])
    return RainPeriods(
        source, told[0][0].base, starts, ends,
        tuple(gauge.rain_gauge_id for gauge in rain_gauges),
        np.where(np.isinf(high), low, (low + high) / 2), low, high,
    )  # fmt: skip


def _class(index: int, palette: NDArray[np.int_], image: Image.Image) -> tuple[float, float]:
    entries = [(int(red), int(green), int(blue)) for red, green, blue in palette]
    colour = entries[index] if index < len(entries) else None
    if colour is not None and colour in CLASSES:
        return CLASSES[colour]
    clear = image.info.get("transparency", b"")
    see_through = isinstance(clear, bytes) and index < len(clear) and clear[index] == 0
    if not see_through and clear != index:
        raise ValueError(
            f"tile colour must be of {sorted(CLASSES)} or transparent, got {colour}. The legend "
            "of the tiles has changed: they are not read until it is known."
        )
    if index == 1 and entries[:2] == [CLEAR, CLEAR]:
        return 0.0, 0.0
    return math.nan, math.nan


def _image(body: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(body), formats=["PNG"])
            if image.size != (SIZE, SIZE):
                raise ValueError(f"tile must have {SIZE} x {SIZE} pixels, got {image.size}.")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError,
            Image.DecompressionBombWarning, Image.DecompressionBombError) as error:  # fmt: skip
        raise ValueError(f"tile must be a whole PNG, got {body[:8]!r}: {error}.") from error
    return image


def _member(text: object) -> str:
    """Give a part of a path, and of nothing else."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9]{1,20}", text):
        raise ValueError(f"member must be letters and digits, got {str(text)[:40]!r}.")
    return text


def _elements(row: Mapping[str, object]) -> list[object]:
    found = row.get("elements", [])
    if not isinstance(found, list):
        raise ValueError(f"elements must be a list, got {str(found)[:40]!r}.")
    return found


def _time(row: Mapping[str, object], name: str) -> datetime:
    text = str(row.get(name))
    if not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError(f"{name} must have 14 digits, got {text[:40]!r}.")
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
