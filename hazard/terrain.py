"""Terrain models (DEM) as arrays (y, x) of height above T.P., from NetCDF or ESRI ASCII files.

GSI elevation tiles are read by `hazard.tiles`, GeoTIFF by `hazard.geotiff`. Coordinates are cell
centres in a projected CRS in metres, kept in ``attrs["crs"]``; no land (sea, not surveyed) is NaN.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NewType

import numpy as np
import numpy.typing as npt
import pyproj
import xarray as xr

# elevation_m (y, x), coordinates x, y of cell centres, attrs crs and units.
Terrain = NewType("Terrain", xr.DataArray)

WEB_MERCATOR = "EPSG:3857"  # its metre is longer than the ground's by 1 / cos(latitude)
_HEADER = ("ncols", "nrows", "xllcorner", "yllcorner", "cellsize", "nodata_value")


def make_terrain(elevation_m: Any, x_m: Any, y_m: Any, crs: Any) -> Terrain:
    """Give a table of heights (row, column) as `Terrain`.

    Parameters
    ----------
    elevation_m
        Dims (y, x), NaN = no land. [m above T.P.]
    x_m, y_m
        Cell centres, evenly spaced, the same step both ways; y may run either way. [m]
    crs
        Projected, in metres: a plane rectangular zone such as EPSG:6677, or EPSG:3857.

    Raises
    ------
    ValueError
        If shapes do not fit, a step is uneven or the CRS is not in metres.
    """
    system = pyproj.CRS.from_user_input(crs)
    array = xr.DataArray(
        np.asarray(elevation_m, dtype=np.float32),
        dims=("y", "x"),
        coords={"y": np.asarray(y_m, dtype=float), "x": np.asarray(x_m, dtype=float)},
        name="elevation_m",
        attrs={"crs": system.to_string(), "units": "m", "long_name": "height above T.P."},
    )
    return check_terrain(array)


def check_terrain(array: xr.DataArray) -> Terrain:
    """Give the array as `Terrain`, or raise ValueError naming every fault."""
    faults = []
    if array.dims != ("y", "x") or min(array.shape, default=0) < 2:
        raise ValueError(
            f"A terrain must have dims ('y', 'x') with at least 2 x 2 cells, got {array.dims},"
            f" shape {array.shape}. Name and order its dimensions."
        )
    steps = [np.diff(array[name].values) for name in ("x", "y")]
    if any(np.ptp(step) > 1e-6 * abs(step[0]) + 1e-6 for step in steps):
        faults.append("steps must be even")
    elif abs(abs(steps[0][0]) - abs(steps[1][0])) > 0.01 * abs(steps[0][0]) or steps[0][0] <= 0:
        faults.append(f"cells must be square, x eastward, got {steps[0][0]} and {steps[1][0]}")
    crs = array.attrs.get("crs")
    if crs is None or not pyproj.CRS.from_user_input(crs).is_projected:
        faults.append(f"attrs['crs'] must be projected in metres, got {crs}")
    if not np.isfinite(array.values).any():
        faults.append("at least one cell must have a height, got none")
    if faults:
        raise ValueError(f"A terrain is unusable: {'; '.join(faults)}. Resample the file.")
    return Terrain(array)


def cell_m(terrain: Terrain) -> float:
    """Give the side of a cell on the ground. [m]"""
    return float(terrain["x"].values[1] - terrain["x"].values[0]) * ground_scale(terrain)


def ground_scale(terrain: Terrain) -> float:
    """Give metres on the ground per unit of the CRS, at the middle of the terrain."""
    system = pyproj.CRS.from_user_input(terrain.attrs["crs"])
    if system.to_epsg() != 3857:
        return 1.0
    middle = float(terrain["x"].mean()), float(terrain["y"].mean())
    to_lonlat = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    return float(np.cos(np.radians(to_lonlat.transform(*middle)[1])))


def cell_numbers(terrain: Terrain, x_m: Any, y_m: Any) -> npt.NDArray[np.intp]:
    """Give the number (row by row) of the cell that holds each place, -1 = outside."""
    west, north = float(terrain["x"].values[0]), float(terrain["y"].values[0])
    step_x = float(terrain["x"].values[1]) - west
    step_y = float(terrain["y"].values[1]) - north
    column = np.floor((np.asarray(x_m) - west) / step_x + 0.5).astype(np.intp)
    row = np.floor((np.asarray(y_m) - north) / step_y + 0.5).astype(np.intp)
    rows, columns = terrain.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.where(inside, row * columns + column, -1)


def read_netcdf_terrain(path: Path, name: str = "elevation_m", crs: Any = None) -> Terrain:
    """Give one variable (y, x) of a NetCDF file; `crs` where the file does not tell its own."""
    with xr.open_dataset(path) as dataset:
        if name not in dataset:
            raise ValueError(
                f"{path.name} must have the variable {name!r}, got {sorted(map(str, dataset))}."
                " Name the variable of heights."
            )
        array = dataset[name].load()
    system = array.attrs.get("crs") if crs is None else crs
    if system is None:
        raise ValueError(f"{path.name} must tell its CRS in attribute crs, got none. Give `crs`.")
    return make_terrain(array.values, array["x"].values, array["y"].values, system)


def read_ascii_terrain(path: Path, crs: Any) -> Terrain:
    """Give an ESRI ASCII grid (first row in the north); the file does not tell its CRS."""
    lines = path.read_text(encoding="ascii").splitlines()
    count = sum(1 for line in lines[:6] if line.strip()[:1].isalpha())
    header = {key.lower(): float(value) for key, value in map(str.split, lines[:count])}
    missing = sorted(set(_HEADER[:5]) - set(header))
    if missing:
        raise ValueError(
            f"{path.name} must begin with {list(_HEADER[:5])}, missing {missing}."
            " Export it as an ESRI ASCII grid with corners."
        )
    values = np.array(" ".join(lines[count:]).split(), dtype=np.float32)
    rows, columns = int(header["nrows"]), int(header["ncols"])
    if values.size != rows * columns:
        raise ValueError(
            f"{path.name} must hold {rows} x {columns} heights, got {values.size}."
            " Download it again."
        )
    values[values == np.float32(header.get("nodata_value", -9999))] = np.nan
    step = header["cellsize"]
    x = header["xllcorner"] + (np.arange(columns) + 0.5) * step
    y = header["yllcorner"] + (rows - 0.5 - np.arange(rows)) * step
    return make_terrain(values.reshape(rows, columns), x, y, crs)
