"""From the coordinate systems that Japanese files come in to JGD2011, the system of the house.

JGD2000 and WGS 84 are taken as JGD2011: they differ by some metres at most (in the north-east
since 2011), below the layers' mesh. The Tokyo datum (旧日本測地系) lies some 400 m away: the three
parameters of 国土地理院 [1]_ move it, good to about 10 m.

References
----------
.. [1] 飛田幹男: 世界測地系移行のための座標変換ソフトウェア TKY2JGD, 国土地理院時報 97, 2002.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import shapely

from hazard.types import JGD2011

JAPAN_LON, JAPAN_LAT = (122.0, 154.0), (20.0, 46.0)
OLD, SAME = "Bessel 1841", ("GRS 1980", "WGS 84")  # ellipsoids
TOKYO_TO_JGD = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad"
    " +step +proj=cart +ellps=bessel +step +proj=helmert +x=-146.414 +y=507.337 +z=680.507"
    " +step +inv +proj=cart +ellps=GRS80 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)


def to_jgd2011(shapes: Any, crs: Any, where: str) -> tuple[Any, tuple[str, ...]]:
    """Give shapes with longitude, latitude in JGD2011, and what had to be done.

    Parameters
    ----------
    crs
        None = the file does not tell: degrees are taken for JGD2011, metres are refused.

    Raises
    ------
    ValueError
        If the system is not Japanese, the file does not tell it, or tells metres of degrees.
    """
    degrees = _in_degrees(shapes)
    if crs is None:
        if not degrees:
            raise ValueError(
                f"{where} must tell its coordinate system, got metres without one. Put its .prj"
                f" beside it or reproject it to {JGD2011}."
            )
        return _turned(shapes, where, (f"{where}: no coordinate system told, taken as JGD2011",))
    system = _flat(pyproj.CRS.from_user_input(crs))
    ellipsoid = "" if system.ellipsoid is None else system.ellipsoid.name
    if ellipsoid not in (OLD, *SAME) or system.geodetic_crs is None:
        raise ValueError(f"{where} must be in {JGD2011}, got {system.name}. Reproject it first.")
    notes: tuple[str, ...] = ()
    if system.is_projected:
        if degrees:
            raise ValueError(
                f"{where} must be in the metres of {system.name}, as it says, got degrees."
                " Correct its .prj."
            )
        plane = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
        shapes = _moved(shapes, plane)
        notes = (f"{where}: reprojected from {system.name}",)
    shapes, turned = _turned(shapes, where, notes)
    if ellipsoid == OLD:
        shapes = _moved(shapes, pyproj.Transformer.from_pipeline(TOKYO_TO_JGD))
        turned = (*turned, f"{where}: moved from the Tokyo datum to JGD2011")
    return shapes, turned


def _flat(system: pyproj.CRS) -> pyproj.CRS:
    """Give the horizontal part of a system with heights or with its own shift."""
    if system.is_compound:
        system = system.sub_crs_list[0]
    return _flat(system.source_crs) if system.is_bound and system.source_crs else system


def _moved(shapes: Any, transformer: pyproj.Transformer) -> Any:
    def move(points: Any) -> Any:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(shapes, move)


def _in_degrees(shapes: Any) -> bool:
    bounds = np.abs(shapely.total_bounds(shapes))
    return bool((bounds[[0, 2]] <= 180).all() and (bounds[[1, 3]] <= 180).all())


def _turned(shapes: Any, where: str, notes: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """Turn latitude and longitude round where every feature has them swapped.

    No place in Japan has a latitude that could be its longitude.
    """
    west, south, east, north = shapely.bounds(shapes).T
    swapped = (west >= JAPAN_LAT[0]) & (east <= JAPAN_LAT[1])
    swapped &= (south >= JAPAN_LON[0]) & (north <= JAPAN_LON[1])
    if not len(swapped) or not swapped.all():
        return shapes, notes
    turned = shapely.transform(shapes, lambda points: points[:, ::-1])
    return turned, (*notes, f"{where}: latitude and longitude were swapped, turned round")
