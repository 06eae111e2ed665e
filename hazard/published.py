"""Official files as they are published: shapefiles (CP932), GeoJSON and GML, zipped or not.

An archive is opened as untrusted: a member that would leave the folder, too many members, too
much data or an absurd rate of compression is refused before anything is unpacked.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pyogrio
from pyogrio.errors import DataSourceError

# Where the same layer lies in several forms, the first of these is read.
FORMATS = (".shp", ".geojson", ".gml")
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
OLD_ENCODING = "CP932"  # of a shapefile without .cpg
MOST_MEMBERS = 20_000
MOST_BYTES = 4 * 2**30  # unpacked, one archive
MOST_TIMES = 200  # unpacked against packed, of a member above 1 MB


@dataclass(frozen=True)
class PublishedFile:
    """One layer on the disk; `member` is its path inside the archive, None = not zipped."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """Give the official file name, which tells the kind of layer."""
        return self.path.name if self.member is None else PurePosixPath(self.member).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def where(self) -> str:
        """Give file and archive, for a message."""
        return self.name if self.member is None else f"{self.path.name}/{self.name}"


def find_published(folder: Path) -> tuple[PublishedFile, ...]:
    """Give every layer below a folder and inside its zip archives, once per name.

    A file beside an archive wins over the one inside; of several forms the first of `FORMATS`.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If an archive is no zip file or not safe to open; the message names the member.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} must be a folder with official files, not found.")
    loose = [PublishedFile(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    zipped = [
        PublishedFile(path, member)
        for path in sorted(folder.rglob("*.zip"))
        for member in safe_members(path)
    ]
    found: dict[str, PublishedFile] = {}
    for files in (loose, zipped):
        for suffix in FORMATS:
            for file in files:
                if file.name.lower().endswith(suffix):
                    found.setdefault(file.stem, file)
    return tuple(found[stem] for stem in sorted(found))


def read_published(file: PublishedFile, *, needed: Sequence[str] = ()) -> Any:
    """Give the features of a file, values unchecked, index 0, 1, …

    Raises
    ------
    ValueError
        If it cannot be read as a layer with features, or lacks one of the `needed` fields.
    """
    if file.member is None:
        raw = _read(file.path, file)
    else:
        with TemporaryDirectory() as scratch:
            raw = _read(_unpacked(file, Path(scratch)), file)
    missing = [name for name in needed if name not in raw.columns]
    if missing:
        raise ValueError(
            f"{file.where} must have {missing}, got {sorted(map(str, raw.columns))}."
            " Use the official file unchanged."
        )
    return raw


def safe_members(archive: Path) -> tuple[str, ...]:
    """Give the names in a zip archive, or raise ValueError if it is not safe to open."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"{archive.name} must be a zip archive, got {error}. Download again."
        ) from error
    faults = [fault for member in members for fault in _faults(member)]
    total = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS:
        faults.append(f"{len(members)} members, more than {MOST_MEMBERS}")
    if total > MOST_BYTES:
        faults.append(f"{total / 2**30:.1f} GiB unpacked, more than {MOST_BYTES / 2**30:.0f}")
    if faults:
        raise ValueError(
            f"{archive.name} is not safe to open: {'; '.join(faults[:5])}."
            " Get the archive from its official source."
        )
    return tuple(member.filename for member in members if not member.is_dir())


def _faults(member: zipfile.ZipInfo) -> Iterator[str]:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        yield f"member {member.filename!r} would leave the folder"
    if member.flag_bits & 1:
        yield f"member {member.filename!r} is encrypted"
    if member.file_size > 2**20 and member.file_size > MOST_TIMES * max(member.compress_size, 1):
        yield f"member {member.filename!r} unpacks to more than {MOST_TIMES} times its size"


def _unpacked(file: PublishedFile, scratch: Path) -> Path:
    """Unpack a layer under its bare name; a shapefile with the parts beside it."""
    member = PurePosixPath(str(file.member))
    with zipfile.ZipFile(file.path) as archive:
        beside = {
            name
            for name in archive.namelist()
            if PurePosixPath(name).with_suffix("") == member.with_suffix("")
            and PurePosixPath(name).suffix.lower() in SHAPEFILE_PARTS
        }
        for name in beside | {str(file.member)}:
            suffix = PurePosixPath(name).suffix
            path = scratch / (member.stem + suffix.lower())
            try:
                path.write_bytes(archive.read(name))
            except zipfile.BadZipFile as error:
                raise ValueError(f"{file.where} is damaged: {error}. Download again.") from error
    return scratch / (member.stem + member.suffix.lower())


def _read(path: Path, file: PublishedFile) -> Any:
    old = path.suffix.lower() == ".shp" and not path.with_suffix(".cpg").exists()
    try:
        frame = pyogrio.read_dataframe(path, encoding=OLD_ENCODING if old else None)
    except (DataSourceError, UnicodeDecodeError) as error:
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
