"""The reports of runs as nightly back-ups keep them: each packed once, in a file of its own.

A report does not change once it is written, and a year has thousands: a night packs those of its
day. The back-ups of all nights share the files; one goes when no back-up names it any more.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from kawamori.store import StoredRun

FOLDER, PART = "reports", ".part"  # beside the back-ups; ends the name of one that is not whole
RUNS = "runs"  # first part of every name in a back-up that is a report's
OWNER_ONLY = 0o600


def pack(known: Sequence[StoredRun], folder: Path, told: Mapping[str, str]) -> dict[str, str]:
    """Pack the reports that are not packed yet; give the sha256 of all by the file's name.

    Parameters
    ----------
    told
        Of an earlier back-up: a file that it names is not read again.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digests = {}
    for run in own_folders(known).values():
        path = folder / f"{run.run_id}.zip"
        if path.is_file() and path.name in told:
            digests[path.name] = told[path.name]
        elif path.is_file() or _packed(run, path):
            with path.open("rb") as file:
                digests[path.name] = digest_of(file)
    return digests


def own_folders(known: Sequence[StoredRun]) -> dict[str, StoredRun]:
    """Give the run of each report that is there, by its folder's name; of several the newest."""
    ordered = sorted(known, key=lambda run: run.issued_at)
    return {run.folder.name: run for run in ordered if run.folder and run.folder.is_dir()}


def files_of(folder: Path) -> dict[str, Path]:
    """Give every file of a report by its name in a back-up."""
    return {
        PurePosixPath(RUNS, folder.name, path.relative_to(folder).as_posix()).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def let_go(folder: Path, named: Collection[str]) -> None:
    """Remove the packed reports that no back-up names, and what a killed call left half packed."""
    for path in folder.glob("*.zip*"):
        if path.name not in named and path.suffix in {".zip", PART}:
            path.unlink()


def faults(folder: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    """Tell each packed report that is missing, was changed or holds anything but a report."""
    for name, digest in sorted(wanted.items()):
        path = folder / name
        if PurePosixPath(name).name != name or not path.is_file():
            yield f"{FOLDER}/{name} is missing"
            continue
        with path.open("rb") as file:
            if digest_of(file) != digest:
                yield f"{FOLDER}/{name} was changed"
                continue
        try:
            inside = names_in(path)
        except BadZipFile as error:
            yield f"{FOLDER}/{name}: {error}"
        else:
            yield from (
                f"{FOLDER}/{name}: {one} leaves its folder" for one in inside if strays(one)
            )


def names_in(path: Path) -> list[str]:
    """Give the names of the files in a packed report."""
    with ZipFile(path) as packed:
        return packed.namelist()


def unpack(packed: ZipFile, names: Sequence[str], out: Path) -> None:
    """Write files of reports to where they belong below `out`."""
    for name in names:
        target = out.joinpath(*PurePosixPath(name).parts[1:])
        target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(name) as source, target.open("wb") as written:
            shutil.copyfileobj(source, written)


def strays(name: str) -> bool:
    """Tell whether a name in a back-up would be written outside the folder of reports."""
    parts = PurePosixPath(name).parts
    return name.startswith("/") or ".." in parts or parts[0] != RUNS or len(parts) < 3


def digest_of(file: IO[bytes]) -> str:
    """Give the sha256 of an open file, as a manifest tells it."""
    return file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _packed(run: StoredRun, path: Path) -> bool:
    """Pack a report, whole or not at all; tell whether it is still there."""
    part = path.with_name(path.name + PART)
    assert run.folder is not None
    try:
        with (
            os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w+b") as out,
            ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as packed,
        ):
            for name, file in files_of(run.folder).items():
                packed.write(file, name)
            packed.close()
            out.flush()
            os.fsync(out.fileno())  # later nights name it without reading it again
    except FileNotFoundError:  # thinned out meanwhile: told among those gone
        part.unlink(missing_ok=True)
        return False
    part.replace(path)
    return True
