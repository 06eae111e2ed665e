"""国土数値情報 in its XML form (JPGIS 2.1): curves, surfaces of curves, features that point there.

GDAL finds no layer in these files. Points are latitude first. The names of the namespaces differ
by edition, so elements go by their local names; identifiers are matched without the sign ``_`` of a
curve run backwards and without case, as some prefectures write them.

References
----------
.. [1] 国土交通省: 国土数値情報 製品仕様書, 符号化仕様, https://nlftp.mlit.go.jp/ksj/.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

SIGN = b"nlftp.mlit.go.jp/ksj"  # in the first lines of every such file
HREF = "{http://www.w3.org/1999/xlink}href"
CRS_NAMES = {
    "JGD2011": "EPSG:6668",
    "JGD2000": "EPSG:4612",
    "TD": "EPSG:4301",
}  # "JGD2011 / (B, L)"
SURFACES = ("Surface", "Polygon", "MultiSurface", "CompositeSurface")
PARTS = ("PolygonPatch", "Polygon")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)[\"'][^>]*\?>")

Points = npt.NDArray[np.float64]  # (point, 2) longitude, latitude
Ring = list["str | Points"]  # curves in their order: a reference, or its points
Patch = tuple[Ring, list[Ring]]  # outside, holes


@dataclass(eq=False)
class _Found:
    """What lies in a file; references are resolved when it is read to its end."""

    crs: str | None = None
    curves: dict[str, Points] = field(default_factory=dict)
    surfaces: dict[str, list[Patch | str]] = field(default_factory=dict)
    features: list[tuple[dict[str, str], list[Patch | str]]] = field(default_factory=list)


def is_jpgis(path: Path) -> bool:
    """Tell whether a file is of this kind."""
    with path.open("rb") as file:
        return SIGN in file.read(8192)


def read_jpgis(path: Path, where: str) -> Any:
    """Give the features of a file: a column a tag, texts as they stand, and `geometry`.

    Raises
    ------
    ValueError
        If it is no XML, holds no features with areas, or a feature points to nothing.
    """
    found = _Found()
    try:
        with _as_utf8(path) as file:
            for element in _children(file):
                _take(element, found)
    except (ET.ParseError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{where} must be readable as XML, got {error}. Download again."
        ) from error
    if not found.features:
        raise ValueError(
            f"{where} must hold areas, got none. Use the shapefile or the GeoJSON of the same"
            " archive."
        )
    features = [one for one in found.features if not _is_line(one[1], found)]
    rows = [attributes for attributes, _ in features]
    shapes = [
        _area(parts, found, f"{where}: feature {number}")
        for number, (_, parts) in enumerate(features, start=1)
    ]
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=found.crs)


def _is_line(parts: list[Patch | str], found: _Found) -> bool:
    """Tell the boundaries that some editions list beside the areas."""
    return all(isinstance(part, str) and part in found.curves for part in parts)


def _as_utf8(path: Path) -> IO[bytes]:
    """Open a file as UTF-8: the parser knows no Japanese encoding."""
    with path.open("rb") as file:
        told = _ENCODING.search(file.read(200))
    if told is None or told[1].lower() in (b"utf-8", b"utf8", b"utf-16", b"us-ascii"):
        return path.open("rb")
    name = told[1].decode().lower().replace("shift_jis", "cp932").replace("windows-31j", "cp932")
    try:
        text = path.read_bytes().replace(told[0], b"", 1).decode(name)
    except LookupError as error:
        raise ValueError(f"{path.name}: {error}. Download again.") from error
    return BytesIO(text.encode())


def _children(file: IO[bytes]) -> Iterator[ET.Element]:
    """Give each child of the root when it is complete, and forget it."""
    depth = 0
    root = None
    for event, element in ET.iterparse(file, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if root is None:
            root = element
        elif depth == 1 and event == "end":
            yield element
            root.clear()


def _take(element: ET.Element, found: _Found) -> None:
    name, key = _local(element), _identity(element)
    if name in ("featureMember", "featureMembers", "member"):
        for child in element:
            _take(child, found)
    elif name == "boundedBy":
        for envelope in element:
            system = envelope.get("srsName", "").split("/")[0].strip()
            found.crs = CRS_NAMES.get(system, found.crs)
    elif name == "Curve":
        found.curves[key] = _points(element)
    elif name in SURFACES:
        found.surfaces[key] = _patches(element)
    elif "opengis" not in element.tag:
        parts = [part for child in element for part in _pointed(child)]
        if parts:
            found.features.append((_attributes(element), parts))


def _attributes(element: ET.Element) -> dict[str, str]:
    """Give the texts of a feature by tag; a date is the text of its innermost element."""
    texts = {}
    for child in element:
        text = next((one.text.strip() for one in child.iter() if one.text and one.text.strip()), "")
        if not _pointed(child):
            texts[_local(child)] = text
    return texts


def _pointed(child: ET.Element) -> list[Patch | str]:
    """Give the surfaces a part of a feature points to or holds."""
    if HREF in child.attrib:
        return [_plain(child.attrib[HREF])]
    return _patches(child)


def _patches(element: ET.Element) -> list[Patch | str]:
    """Give what a surface is made of: patches, or references to other surfaces."""
    found: list[Patch | str] = []
    for part in element.iter():
        if _local(part) in PARTS:
            holes = [_ring(child) for child in part if _local(child) == "interior"]
            outside = [_ring(child) for child in part if _local(child) == "exterior"]
            found += [(ring, holes) for ring in outside]
        elif _local(part) == "surfaceMember" and HREF in part.attrib:
            found.append(_plain(part.attrib[HREF]))
    return found


def _ring(element: ET.Element) -> Ring:
    """Give the curves of a ring in their order."""
    ring: Ring = []
    for part in element.iter():
        if HREF in part.attrib:
            ring.append(_plain(part.attrib[HREF]))
        elif _local(part) in ("LinearRing", "LineStringSegment"):
            ring.append(_points(part))
    return ring


def _points(element: ET.Element) -> Points:
    texts = [part.text or "" for part in element.iter() if _local(part) in ("posList", "pos")]
    values = np.array(" ".join(texts).split(), dtype=float)
    return values[: len(values) // 2 * 2].reshape(-1, 2)[:, ::-1]


def _area(parts: list[Patch | str], found: _Found, where: str) -> Any:
    """Give the area of a feature; None if its rings enclose nothing."""
    polygons = []
    for part in parts:
        if isinstance(part, str):
            if part not in found.surfaces:
                raise ValueError(f"{where} must point to an area, got {part!r}. Download again.")
            polygons.append(_area(found.surfaces[part], found, where))
            continue
        outside, *holes = (_joined(ring, found, where) for ring in (part[0], *part[1]))
        if len(outside) >= 4:
            polygons.append(shapely.Polygon(outside, [hole for hole in holes if len(hole) >= 4]))
    known = [polygon for polygon in polygons if polygon is not None]
    if len(known) <= 1:
        return known[0] if known else None
    pieces = shapely.get_parts(np.array(known, dtype=object))
    return shapely.MultiPolygon(list(pieces))


def _joined(ring: Ring, found: _Found, where: str) -> Points:
    """Give the points of a ring, closed; curves that run against the others are turned."""
    curves = []
    for part in ring:
        if isinstance(part, str) and part not in found.curves:
            raise ValueError(
                f"{where} must be made of curves, {part!r} is missing. Download again."
            )
        curves.append(found.curves[part] if isinstance(part, str) else part)
    curves = [curve for curve in curves if len(curve)]
    if not curves:
        return np.empty((0, 2))
    line = curves[0]
    if len(curves) > 1 and not _touches(line[-1], curves[1]) and _touches(line[0], curves[1]):
        line = line[::-1]
    for curve in curves[1:]:
        turned = np.array_equal(curve[-1], line[-1]) and not np.array_equal(curve[0], line[-1])
        line = np.concatenate([line, curve[::-1] if turned else curve])
    closed = np.array_equal(line[0], line[-1])
    return line if closed else np.concatenate([line, line[:1]])


def _touches(point: Points, curve: Points) -> bool:
    return bool((curve[[0, -1]] == point).all(axis=1).any())


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _identity(element: ET.Element) -> str:
    named = (value for name, value in element.attrib.items() if name.rpartition("}")[2] == "id")
    return _plain(next(named, ""))


def _plain(reference: str) -> str:
    return reference.rpartition("#")[2].lstrip("_").lower()
