"""Zip archives of official files, opened as untrusted.

A member that would leave the folder, too many members, too much data or an absurd rate of
compression is refused before anything is unpacked. Names are read as UTF-8, else CP932, with either
slash between folders: archives are made on Windows. Archives inside archives are looked into.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

MOST_MEMBERS = 20_000
MOST_BYTES = 4 * 2**30  # unpacked, one archive with those inside it
MOST_TIMES = 200  # unpacked against packed, of a member above 1 MB
MOST_LEVELS = 3  # an archive in an archive in an archive
BLANK_PARTS = (".dbf",)  # tables padded with blanks: packed a thousandfold in all innocence
NAME_ENCODINGS = ("utf-8", "cp932")  # then as zip says, which never fails

Chain = tuple[str, ...]  # names of the archives inside, outermost first, then of the file


def tidy(name: str) -> PurePosixPath:
    """Give the name of a member as a path, whatever slash its maker used."""
    return PurePosixPath(name.replace("\\", "/"))


def archive_members(path: Path) -> tuple[Chain, ...]:
    """Give the files in an archive and in the archives inside it.

    Raises
    ------
    ValueError
        If one is no zip archive or not safe to open; the message names archive and member.
    """
    with _opened(path, path.name) as archive:
        found, size = _members(archive, path.name, 1)
    if len(found) > MOST_MEMBERS:
        _refuse(path.name, [f"{len(found)} members, more than {MOST_MEMBERS}"])
    if size > MOST_BYTES:
        _refuse(path.name, [f"{size / 2**30:.1f} GiB unpacked, more than {MOST_BYTES / 2**30:.0f}"])
    return tuple(found)


def unpack(path: Path, chain: Chain, suffixes: tuple[str, ...], folder: Path) -> Path:
    """Give a file of an archive, unpacked into `folder`, and the parts beside it.

    Parameters
    ----------
    suffixes
        Of the parts that belong to it (a shapefile has several); names are lowered in case.
    """
    with _inside(path, path.name, chain[:-1]) as archive:
        own = tidy(chain[-1])
        stem = str(own.with_suffix("")).lower()
        for name in archive.namelist():
            part = tidy(name)
            beside = str(part.with_suffix("")).lower() == stem
            if name == chain[-1] or (beside and part.suffix.lower() in suffixes):
                target = folder / (own.stem + part.suffix.lower())
                with target.open("wb") as file:
                    _copy(archive, name, file, f"{path.name}/{own.name}")
    return folder / (own.stem + own.suffix.lower())


def _members(archive: zipfile.ZipFile, where: str, level: int) -> tuple[list[Chain], int]:
    """Give chains of names and bytes unpacked, archives inside included."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    faults = [fault for member in members for fault in _faults(member)]
    size = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS:
        faults.append(f"{len(members)} members, more than {MOST_MEMBERS}")
    if size > MOST_BYTES:
        faults.append(f"{size / 2**30:.1f} GiB unpacked, more than {MOST_BYTES / 2**30:.0f}")
    if level > MOST_LEVELS:
        faults.append(f"archives inside archives more than {MOST_LEVELS} deep")
    _refuse(where, faults)
    found: list[Chain] = []
    for member in members:
        if _is_litter(member.filename):
            continue
        if not member.filename.lower().endswith(".zip"):
            found.append((member.filename,))
            continue
        inner = f"{where}/{tidy(member.filename).name}"
        with TemporaryFile() as file:
            _copy(archive, member.filename, file, inner)
            with _opened(file, inner) as opened:
                chains, more = _members(opened, inner, level + 1)
        found += [(member.filename, *chain) for chain in chains]
        size += more
    return found, size


def _is_litter(name: str) -> bool:
    """Tell the doubles that macOS puts beside the files."""
    path = tidy(name)
    return "__MACOSX" in path.parts or path.name.startswith("._")


def _faults(member: zipfile.ZipInfo) -> Iterator[str]:
    path = tidy(member.filename)
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", str(path)):
        yield f"member {member.filename!r} would leave the folder"
    if member.flag_bits & 1:
        yield f"member {member.filename!r} is encrypted"
    rate = member.file_size / max(member.compress_size, 1)
    padded = path.suffix.lower() in BLANK_PARTS
    if member.file_size > 2**20 and rate > MOST_TIMES and not padded:
        yield f"member {member.filename!r} unpacks to more than {MOST_TIMES} times its size"


def _refuse(where: str, faults: list[str]) -> None:
    if faults:
        raise ValueError(
            f"{where} is not safe to open: {'; '.join(faults[:5])}."
            " Get the archive from its official source."
        )


@contextmanager
def _inside(source: Path | IO[bytes], where: str, archives: Chain) -> Iterator[zipfile.ZipFile]:
    """Open the innermost of a chain of archives."""
    with _opened(source, where) as archive:
        if not archives:
            yield archive
            return
        inner = f"{where}/{tidy(archives[0]).name}"
        with TemporaryFile() as file:
            _copy(archive, archives[0], file, inner)
            with _inside(file, inner, archives[1:]) as opened:
                yield opened


def _opened(source: Path | IO[bytes], where: str) -> zipfile.ZipFile:
    try:
        for encoding in NAME_ENCODINGS:
            with suppress(UnicodeDecodeError):
                return zipfile.ZipFile(source, metadata_encoding=encoding)
        return zipfile.ZipFile(source)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{where} must be a zip archive, got {error}. Download again.") from error


def _copy(archive: zipfile.ZipFile, name: str, file: IO[bytes], where: str) -> None:
    try:
        with archive.open(name) as member:
            shutil.copyfileobj(member, file)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ValueError(f"{where} is damaged: {error}. Download again.") from error
