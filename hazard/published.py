"""Official files as they are published: shapefile, GeoJSON, GML or JPGIS XML, zipped or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from hazard.archive import Chain, archive_members, tidy, unpack
from hazard.jpgis import is_jpgis, read_jpgis
from hazard.official import is_official, rename_codes, rename_words

# Where the same layer lies in several forms, the first of these is read.
FORMATS = (".shp", ".geojson", ".gml", ".xml")
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
TABLE_SAMPLE = 2**20  # bytes of a table without .cpg looked at for its encoding


@dataclass(frozen=True)
class PublishedFile:
    """One layer on the disk; `members` leads to it inside an archive, empty = not zipped."""

    path: Path
    members: Chain = ()

    @property
    def name(self) -> str:
        """Give the official file name, which tells the kind of layer."""
        return tidy(self.members[-1]).name if self.members else self.path.name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def where(self) -> str:
        """Give file and archives, for a message."""
        return "/".join([self.path.name, *(tidy(member).name for member in self.members)])


def find_published(folder: Path) -> tuple[PublishedFile, ...]:
    """Give every layer below a folder and inside its zip archives, once per name.

    A file beside an archive wins over the one inside; of several forms the first of `FORMATS`.
    Files that do not bear the name of an official layer are the same only in the same place.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If an archive is no zip file or not safe to open; the message names the member.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} must be a folder with official files, not found.")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    loose = [PublishedFile(path) for path in paths if not path.name.startswith(".")]
    zipped = [
        PublishedFile(path, members)
        for path in paths
        if path.suffix.lower() == ".zip" and not path.name.startswith(".")
        for members in archive_members(path)
    ]
    found: dict[str, PublishedFile] = {}
    for files in (loose, zipped):
        for suffix in FORMATS:
            for file in files:
                if file.name.lower().endswith(suffix) and _is_layer(file, found):
                    found.setdefault(_identity(file), file)
    return tuple(found[key] for key in sorted(found))


def _is_layer(file: PublishedFile, found: dict[str, PublishedFile]) -> bool:
    """Tell a layer from the XML files beside it; an XML form is not read beside another form.

    The XML of A33 holds all that its archive's shapefiles ...Polygon and ...Line hold.
    """
    if not file.name.lower().endswith(".xml"):
        return True
    own = file.stem.lower()
    held = any(key.startswith(own) and not key.endswith("line") for key in found)
    return is_official(file.name) and not own.endswith(FORMATS) and not held


def _identity(file: PublishedFile) -> str:
    if is_official(file.name):
        return file.stem.lower()
    place = "/".join([str(file.path), *map(str, map(tidy, file.members))])
    return str(PurePosixPath(place).with_suffix("")).lower()


def read_published(file: PublishedFile, *, needed: Sequence[str] = ()) -> Any:
    """Give the features of a file, values unchecked, index 0, 1, …

    Raises
    ------
    ValueError
        If it cannot be read as a layer with features, or lacks one of the `needed` fields.
    """
    with TemporaryDirectory() as scratch:
        raw = _read(_at_hand(file, Path(scratch)), file)
    raw = raw.rename(columns=rename_codes(raw.columns))
    missing = [name for name in needed if name not in raw.columns]
    if missing:
        raise ValueError(
            f"{file.where} must have {missing}, got {sorted(map(str, raw.columns))}."
            " Use the official file unchanged."
        )
    return raw


def _at_hand(file: PublishedFile, scratch: Path) -> Path:
    """Give the path to read from: a GML through a link, for GDAL leaves a file beside it."""
    if file.members:
        return unpack(file.path, file.members, SHAPEFILE_PARTS, scratch)
    if file.path.suffix.lower() != ".gml":
        return file.path
    link = scratch / file.name
    link.symlink_to(file.path.resolve())
    return link


def _read(path: Path, file: PublishedFile) -> Any:
    if path.suffix.lower() == ".xml" or (path.suffix.lower() == ".gml" and is_jpgis(path)):
        frame = read_jpgis(path, file.where)
        return frame.rename(columns=rename_words(frame.columns, file.name))
    try:
        layers = pyogrio.list_layers(path)[:, 0].tolist()
        if len(layers) > 1:
            raise ValueError(f"{file.where} must hold one layer, got {layers}. Split the file.")
        frame = pyogrio.read_dataframe(path, encoding=_encoding(path, file.where))
    except (DataSourceError, DataLayerError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{file.where} must be readable as a layer, got {error}. Download it again."
        ) from error
    if "geometry" not in frame.columns:
        raise ValueError(
            f"{file.where} must hold areas, got none. Use the shapefile or the GeoJSON of the"
            " same archive."
        )
    if frame.empty:
        raise ValueError(
            f"{file.where} must hold at least one feature, got 0. Download it again or remove it."
        )
    return frame


def _encoding(path: Path, where: str) -> str | None:
    """Give the encoding of a shapefile's texts, None = as the file tells.

    Without .cpg they are CP932 in older editions and UTF-8 in some newer ones: whichever reads the
    table without, or with fewer, signs that do not exist in it.
    """
    if path.suffix.lower() != ".shp" or _beside(path, ".cpg") is not None:
        return None
    table = _beside(path, ".dbf")
    if table is None:
        raise ValueError(f"{where} must have its table (.dbf) beside it. Unpack the whole archive.")
    with table.open("rb") as content:
        header = content.read(12)
        content.seek(int.from_bytes(header[8:10], "little"))
        sample = content.read(TABLE_SAMPLE)
    strange = {name: sample.decode(name, "replace").count("\ufffd") for name in ("utf-8", "cp932")}
    return min(strange, key=lambda name: strange[name])


def _beside(path: Path, suffix: str) -> Path | None:
    """Give the part of a shapefile with a suffix in either case."""
    for name in (suffix, suffix.upper()):
        if path.with_suffix(name).exists():
            return path.with_suffix(name)
    return None
