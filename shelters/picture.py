"""A small picture of a district and the ways to its shelters, for messages and paper.

Drawn without any network and without forecasts: the official flood areas, roads, ways and numbered
shelters, with scale and north. It is drawn twice as large, shrunk, and kept in few fixed colours,
so that it stays small.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from PIL import Image, ImageColor, ImageDraw, ImageFont

from shelters.symbols import DEPTHS, INK, PAPER

WIDTH, HEIGHT, HEAD, FOOT = 720, 896, 76, 100  # px; between head and foot lies the map
FINE = 2  # drawn so many times larger
MARGIN_SHARE = 0.08
LEAST_SPAN_M = 800.0
MOST_BYTES = 60_000
FOOT_LINES = 5
GROUND, DISTRICT, BORDER = "#e9edf0", "#fbfaf6", "#14181c"
ROAD, MAIN_ROAD, WAY, PLACE = "#d0d4d8", "#a9b0b7", "#00489c", "#00633a"
Font = Callable[[int], Any]  # size in px -> a font that has Japanese
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Way:
    """A way to draw; `at_m` (vertex, 2) east, north."""

    at_m: Any
    on_roads: bool
    car: bool


@dataclass(frozen=True)
class Place:
    """A shelter, numbered as in the list beside the picture."""

    number: int
    name: str
    east_m: float
    north_m: float


@dataclass(frozen=True, eq=False)
class Scene:
    """What a picture shows; every shape in metres of one plane."""

    title: str
    subtitle: str
    foot: Sequence[str]
    district: Any
    neighbours: Sequence[Any]
    water: Sequence[tuple[Any, str]]  # shape, fill; shallow first
    roads: Sequence[tuple[Any, bool]]  # line, main road
    ways: Sequence[Way]
    places: Sequence[Place]


def draw(scene: Scene, font: Font | None) -> bytes:
    """Give the picture as PNG of at most `MOST_BYTES`.

    Parameters
    ----------
    font
        None = no Japanese font is installed: only numbers are written, names stand in the page.
    """
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
    frame = _frame(scene)
    _draw_ground(image, scene, frame)
    _draw_ways(ImageDraw.Draw(image), scene, frame)
    _draw_places(ImageDraw.Draw(image), scene, frame, font)
    _draw_margins(ImageDraw.Draw(image), scene, frame, font)
    return _small(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


@dataclass(frozen=True)
class _Frame:
    """From metres to pixels: `west_m`, `north_m` is the upper left corner of the map."""

    west_m: float
    north_m: float
    px_per_m: float

    def px(self, at_m: Any) -> list[tuple[float, float]]:
        at = np.asarray(at_m, dtype=float)
        x = (at[:, 0] - self.west_m) * self.px_per_m
        y = (self.north_m - at[:, 1]) * self.px_per_m + HEAD * FINE
        return list(zip(x.tolist(), y.tolist(), strict=True))


def extent_m(scene: Scene) -> tuple[float, float, float, float]:
    """Give west, south, east, north of what the picture shows. [m]"""
    frame = _frame(scene)
    width_m = WIDTH * FINE / frame.px_per_m
    height_m = (HEIGHT - HEAD - FOOT) * FINE / frame.px_per_m
    return frame.west_m, frame.north_m - height_m, frame.west_m + width_m, frame.north_m


def _frame(scene: Scene) -> _Frame:
    """Give the part of the plane that holds all ways and places, or else the district."""
    points = [shapely.MultiPoint(np.asarray(way.at_m)[:, :2]) for way in scene.ways]
    points += [shapely.Point(place.east_m, place.north_m) for place in scene.places]
    shown = shapely.union_all(points) if points else scene.district
    west, south, east, north = shapely.total_bounds([shown])
    span_m = max(east - west, north - south, LEAST_SPAN_M) * (1 + 2 * MARGIN_SHARE)
    side = min(WIDTH, HEIGHT - HEAD - FOOT)
    scale = side * FINE / span_m
    width_m, height_m = WIDTH * FINE / scale, (HEIGHT - HEAD - FOOT) * FINE / scale
    return _Frame((west + east - width_m) / 2, (south + north + height_m) / 2, scale)


def _draw_ground(image: Image.Image, scene: Scene, frame: _Frame) -> None:
    pen = ImageDraw.Draw(image)
    pen.rectangle([0, HEAD * FINE, WIDTH * FINE, (HEIGHT - FOOT) * FINE], fill=GROUND)
    _fill(image, frame, scene.district, DISTRICT)
    for shape, colour in scene.water:
        _fill(image, frame, shape, colour)
    for main in (False, True):
        colour, width = (MAIN_ROAD, 3) if main else (ROAD, 1)
        for line, is_main in scene.roads:
            if is_main is main:
                _trace(pen, frame, line, colour, width)
    for shape in scene.neighbours:
        _trace(pen, frame, shapely.boundary(shape), BORDER, 1)
    _trace(pen, frame, shapely.boundary(scene.district), BORDER, 3)


def _trace(pen: ImageDraw.ImageDraw, frame: _Frame, lines: Any, colour: str, width: int) -> None:
    for part in shapely.get_parts(lines):
        pen.line(frame.px(shapely.get_coordinates(part)), fill=colour, width=width * FINE)


def _fill(image: Image.Image, frame: _Frame, shape: Any, colour: str) -> None:
    """Fill an area, its holes left as they are."""
    mask = Image.new("1", image.size)
    pen = ImageDraw.Draw(mask)
    for part in shapely.get_parts(shape):
        if shapely.get_type_id(part) == shapely.GeometryType.POLYGON and not part.is_empty:
            pen.polygon(frame.px(shapely.get_coordinates(part.exterior)), fill=1)
            for hole in part.interiors:
                pen.polygon(frame.px(shapely.get_coordinates(hole)), fill=0)
    image.paste(ImageColor.getrgb(colour), mask=mask)


def _draw_ways(pen: ImageDraw.ImageDraw, scene: Scene, frame: _Frame) -> None:
    for colour, width in ((PAPER, 9), (WAY, 5)):
        for way in scene.ways:
            at = frame.px(way.at_m)
            if colour == WAY and (way.car or not way.on_roads):
                _dashed(pen, at, dash=14.0 if way.car else 4.0, width=width)
            else:
                pen.line(at, fill=colour, width=width * FINE, joint="curve")
    for way in scene.ways:
        x, y = frame.px(way.at_m)[0]
        r = 6 * FINE
        pen.ellipse([x - r, y - r, x + r, y + r], fill=PAPER, outline=WAY, width=3 * FINE)


def _dashed(
    pen: ImageDraw.ImageDraw, at: list[tuple[float, float]], *, dash: float, width: int
) -> None:
    line = shapely.LineString(at)
    step = dash * FINE
    for begin in np.arange(0.0, line.length, 2 * step):
        ends = [line.interpolate(begin), line.interpolate(min(begin + step, line.length))]
        pen.line([(one.x, one.y) for one in ends], fill=WAY, width=width * FINE)


def _draw_places(pen: ImageDraw.ImageDraw, scene: Scene, frame: _Frame, font: Font | None) -> None:
    number = ImageFont.load_default(15 * FINE) if font is None else font(15 * FINE)
    taken: list[tuple[float, float, float, float]] = []
    for place in scene.places:
        ((x, y),) = frame.px([(place.east_m, place.north_m)])
        r = 14 * FINE
        house = [(x, y - r), (x + r, y - r / 4), (x + r, y + r), (x - r, y + r), (x - r, y - r / 4)]
        pen.polygon(house, fill=PLACE, outline=PAPER, width=2 * FINE)
        pen.text((x, y + r / 4), str(place.number), fill=PAPER, font=number, anchor="mm")
        taken.append((x - r, y - r, x + r, y + r))
    if font is None:
        return
    for place in scene.places:
        _label(pen, frame, place, font(14 * FINE), taken)


def _label(
    pen: ImageDraw.ImageDraw, frame: _Frame, place: Place, font: Any, taken: list[Any]
) -> None:
    """Write a name beside its sign where it covers nothing, or leave it to the list."""
    ((x, y),) = frame.px([(place.east_m, place.north_m)])
    gap = 17 * FINE
    for dx, dy, anchor in ((1, 0, "lm"), (-1, 0, "rm"), (0, 1, "mt"), (0, -1, "mb")):
        at = (x + dx * gap, y + dy * gap)
        box = pen.textbbox(at, place.name, font=font, anchor=anchor, stroke_width=3 * FINE)
        inside = (
            box[0] >= 0
            and box[2] <= WIDTH * FINE
            and box[1] >= HEAD * FINE
            and box[3] <= (HEIGHT - FOOT) * FINE
        )
        if inside and not any(_meet(box, other) for other in taken):
            pen.text(
                at, place.name, fill=INK, font=font, anchor=anchor,
                stroke_width=3 * FINE, stroke_fill=PAPER,
            )  # fmt: skip
            taken.append(box)
            return


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    return not apart


def _draw_margins(pen: ImageDraw.ImageDraw, scene: Scene, frame: _Frame, font: Font | None) -> None:
    wide, low = WIDTH * FINE, (HEIGHT - FOOT) * FINE
    pen.rectangle([0, 0, wide, HEAD * FINE], fill=PAPER)
    pen.rectangle([0, low, wide, HEIGHT * FINE], fill=PAPER)
    for y in (HEAD * FINE, low):
        pen.line([(0, y), (wide, y)], fill=INK, width=2 * FINE)
    plain = ImageFont.load_default(14 * FINE) if font is None else font(14 * FINE)
    _draw_scale(pen, frame, plain)
    if font is None:
        return
    _fitting(pen, (14, 24), scene.title, font, size=26, room=WIDTH - 28)
    _fitting(pen, (14, 57), scene.subtitle, font, size=15, room=WIDTH - 28)
    lines = [line for text in scene.foot for line in _wrapped(pen, text, font(12 * FINE))]
    for at, text in enumerate(lines[:FOOT_LINES]):
        place = (14 * FINE, (HEIGHT - FOOT + 14 + 18 * at) * FINE)
        pen.text(place, text, fill=INK, font=font(12 * FINE), anchor="lm")


def _fitting(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, font: Font, *, size: int, room: int
) -> None:
    """Write a line, smaller where it would not fit, cut where it would be too small to read."""
    while size > 10 and pen.textlength(text, font=font(size * FINE)) > room * FINE:
        size -= 1
    while text and pen.textlength(text, font=font(size * FINE)) > room * FINE:
        text = text[:-2] + "…" if len(text) > 2 else ""
    pen.text((at[0] * FINE, at[1] * FINE), text, fill=INK, font=font(size * FINE), anchor="lm")


def _wrapped(pen: ImageDraw.ImageDraw, text: str, font: Any) -> list[str]:
    """Break a text into lines that fit; Japanese may break anywhere."""
    lines, room = [""], (WIDTH - 28) * FINE
    for sign in text:
        if pen.textlength(lines[-1] + sign, font=font) > room:
            lines.append("")
        lines[-1] += sign
    return lines


def _draw_scale(pen: ImageDraw.ImageDraw, frame: _Frame, font: Any) -> None:
    """Draw a bar of a round length and an arrow to the north."""
    length_m = round_length_m(WIDTH * FINE / frame.px_per_m / 4)
    words = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    left, base = 16 * FINE, (HEIGHT - FOOT - 16) * FINE
    right = left + length_m * frame.px_per_m
    pen.rectangle([left - 8, base - 26 * FINE, right + 8, base + 8], fill=PAPER)
    pen.line([(left, base), (right, base)], fill=INK, width=3 * FINE)
    for x in (left, right):
        pen.line([(x, base - 6 * FINE), (x, base)], fill=INK, width=2 * FINE)
    pen.text((left, base - 9 * FINE), words, fill=INK, font=font, anchor="ls")
    x, y, r = (WIDTH - 26) * FINE, (HEAD + 30) * FINE, 9 * FINE
    pen.polygon([(x, y - 2 * r), (x + r, y + r), (x, y), (x - r, y + r)], fill=INK, outline=PAPER)
    pen.text((x, y + r), "N", fill=INK, font=font, anchor="ma", stroke_width=4, stroke_fill=PAPER)


def round_length_m(most_m: float) -> float:
    """Give the longest of 1, 2, 5 x a power of ten that is not longer. [m]"""
    power = 10.0 ** math.floor(math.log10(most_m))
    lengths = (power * step for step in (5, 2, 1, 0.5))  # the last where log10 rounds up
    return next(length_m for length_m in lengths if length_m <= most_m)


def _small(image: Image.Image) -> bytes:
    """Give the PNG with soft edges, with hard ones, or with fewer dots: the first small enough."""
    for shrink, soft in ((1.0, True), (1.0, False), (0.75, False), (0.5, False)):
        size = (int(image.width * shrink), int(image.height * shrink))
        drawn = image if shrink == 1.0 else image.resize(size, Image.Resampling.LANCZOS)
        flat = drawn.quantize(palette=_palette(soft=soft), dither=Image.Dither.NONE)
        made = io.BytesIO()
        flat.save(made, format="PNG")
        if made.tell() <= MOST_BYTES:
            break
    return made.getvalue()


@cache
def _palette(*, soft: bool) -> Image.Image:
    """Give the colours drawn with, and where edges may be soft what lies half-way between."""
    grounds = [PAPER, GROUND, DISTRICT, *(fill for _, fill in DEPTHS)]
    inks = [INK, WAY, PLACE, MAIN_ROAD, ROAD]
    colours = [list(ImageColor.getrgb(colour)[:3]) for colour in (*grounds, *inks)]
    if soft:
        ends = [(one, other) for one in colours[len(grounds) :] for other in colours[:6]]
        colours += [[(a + b) // 2 for a, b in zip(*pair, strict=True)] for pair in ends]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in colours for value in colour])
    return palette
