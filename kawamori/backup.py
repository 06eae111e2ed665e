"""Back-up and restore: the store and the reports of its runs in one file, every part checked.

The file is a zip: `store.sqlite` or `store.dump`, `runs/NAME/…`, and `manifest.json` with the
sha256 of each. A nightly one leaves the reports out and names files of `kawamori.packed_reports`
beside it. It holds addresses of people: it is written for its owner's eyes only.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import Engine, make_url, update

from alerts.ledger import faults, read, read_head
from kawamori import dumps, packed_reports
from kawamori.database import connect, revision, shown
from kawamori.packed_reports import OWNER_ONLY, digest_of
from kawamori.store import StoredRun, runs, stored_runs

MANIFEST = "manifest.json"
STORE = {"sqlite": "store.sqlite", "postgresql": "store.dump"}


@dataclass(frozen=True)
class Restored:
    """What a restore brought back."""

    revision: str | None
    files: int
    ledger_faults: tuple[str, ...]


def backup(
    url: str, file: Path, *, at: datetime, reports: Path | None = None,
    told: Mapping[str, str] | None = None,
) -> tuple[int, list[str]]:  # fmt: skip
    """Write store and reports to a file; give how many report files, and runs whose report is gone.

    The store is copied at one moment while others write to it. A file that is there is replaced
    only when the new one is whole.

    Parameters
    ----------
    reports
        A folder where each report is packed once; None = all go into this file.
    told
        The sha256 of those that were packed before, as an earlier back-up names them.
    """
    engine = connect(url)
    part = file.with_name(file.name + ".part")
    try:
        if revision(engine) is None:
            raise ValueError(f"{shown(url)} holds nothing to back up: it has no tables of ours.")
        with (
            tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".backup-") as folder,
            os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w+b") as out,
            ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as packed,
        ):
            copy = Path(folder) / STORE[engine.dialect.name]
            _copy_store(engine, url, copy)
            known = stored_runs(engine, state="complete")
            digests = {copy.name: _pack(packed, copy, copy.name)}
            named = {} if reports is None else packed_reports.pack(known, reports, told or {})
            if reports is None:
                digests |= _pack_all(packed, known)
            gone = _gone(known)
            manifest = {"at": at.isoformat(), "revision": revision(engine), "sha256": digests,
                        packed_reports.FOLDER: named, "reports_gone": gone}  # fmt: skip
            packed.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
        engine.dispose()
    return len(digests) - 1 + len(named), gone


def nightly(url: str, folder: Path, *, kept: int, at: datetime) -> tuple[Path, int, list[str]]:
    """Write the back-up of a day (UTC) into a folder and let the oldest go; give as `backup`.

    Reports are packed beside it, each once. Only files named by a day go, and reports that none of
    those left names, and only once the new one is whole.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file, reports = folder / f"{at.astimezone(UTC):%Y-%m-%d}.zip", folder / packed_reports.FOLDER
    count, gone = backup(url, file, at=at, reports=reports, told=_named(_days(folder))[0])
    days = _days(folder)
    for old in days[:-kept]:
        old.unlink()
    named, all_read = _named(days[-kept:])
    if all_read:
        packed_reports.let_go(reports, named)
    return file, count, gone


def _named(files: Sequence[Path]) -> tuple[dict[str, str], bool]:
    """Give the packed reports that back-ups name, and whether each of these could be read."""
    named, all_read = dict[str, str](), True
    for file in files:
        try:
            named |= reports_of(file)
        except (ValueError, OSError):  # the doctor names it; tonight's is made all the same
            all_read = False
    return named, all_read


def reports_of(file: Path) -> dict[str, str]:
    """Give the sha256 of the packed reports beside a back-up that it names, by file name.

    Raises
    ------
    ValueError
        If it is no back-up.
    """
    try:
        with ZipFile(file) as packed:
            manifest: dict[str, Any] = json.loads(packed.read(MANIFEST))
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"{file} must be a file of kawamori backup, {error}.") from error
    named: dict[str, str] = manifest.get(packed_reports.FOLDER, {})
    return named


def _days(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].zip"))


def restore(url: str, file: Path, out: Path) -> Restored:
    """Bring an empty store and the reports under `out` back; nothing is written if a part is bad.

    Raises
    ------
    ValueError
        If the file is no back-up of this kind of store, a part of it was changed, the store is not
        empty, or a report of that name is there.
    """
    engine = connect(url)
    try:
        with ZipFile(file) as packed:
            manifest = _checked(packed, STORE[engine.dialect.name], file)
            inside = [name for name in manifest["sha256"] if name.startswith("runs/")]
            beside = [file.parent / packed_reports.FOLDER / name
                      for name in manifest.get(packed_reports.FOLDER, {})]  # fmt: skip
            names = inside + [name for path in beside for name in packed_reports.names_in(path)]
            _check_room(engine, url, out, names)
            with tempfile.TemporaryDirectory(prefix="kawamori-restore-") as folder:
                _put_store(engine, url, Path(packed.extract(STORE[engine.dialect.name], folder)))
            packed_reports.unpack(packed, inside, out)
        for path in beside:
            with ZipFile(path) as packed:
                packed_reports.unpack(packed, packed.namelist(), out)
        _point_to(engine, out)
        with engine.connect() as connection:
            broken = tuple(faults(read(connection), read_head(connection)))
        return Restored(revision(engine), len(names), broken)
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"{file} must be a file of kawamori backup, {error}.") from error
    finally:
        engine.dispose()


def _copy_store(engine: Engine, url: str, copy: Path) -> None:
    if engine.dialect.name == "postgresql":
        dumps.dump(make_url(url), copy)
        return
    target = sqlite3.connect(copy)
    source = engine.raw_connection()
    try:
        source.driver_connection.backup(target)  # type: ignore[union-attr]
    finally:
        source.close()
        target.close()


def _put_store(engine: Engine, url: str, copy: Path) -> None:
    if engine.dialect.name == "postgresql":
        dumps.load(make_url(url), copy)
        return
    source, target = sqlite3.connect(copy), engine.raw_connection()
    try:
        source.backup(target.driver_connection)  # type: ignore[arg-type]
    finally:
        target.close()
        source.close()


def _pack_all(packed: ZipFile, known: list[StoredRun]) -> dict[str, str]:
    """Pack every report that is there; give the sha256 of each file by its name."""
    digests = {}
    for run in packed_reports.own_folders(known).values():
        for name, path in packed_reports.files_of(run.folder or Path()).items():
            try:
                digests[name] = _pack(packed, path, name)
            except FileNotFoundError:  # thinned out meanwhile: told among those gone
                continue
    return digests


def _gone(known: list[StoredRun]) -> list[str]:
    return sorted(run.run_id for run in known if run.folder and not run.folder.is_dir())


def _pack(packed: ZipFile, path: Path, name: str) -> str:
    packed.write(path, name)
    with packed.open(name) as stored:  # what was packed, even if the file has changed since
        return digest_of(stored)


def _checked(packed: ZipFile, store: str, file: Path) -> dict[str, Any]:
    """Give the manifest of a back-up of which every part has its digest."""
    manifest: dict[str, Any] = json.loads(packed.read(MANIFEST))
    wanted: dict[str, str] = manifest["sha256"]
    found = set(packed.namelist()) - {MANIFEST}
    bad = [f"{name} is missing" for name in sorted(set(wanted) - found)]
    bad += [f"{name} is not in the manifest" for name in sorted(found - set(wanted))]
    bad += [f"{name} leaves its folder" for name in sorted(wanted)
            if name not in STORE.values() and packed_reports.strays(name)]  # fmt: skip
    for name in sorted(found & set(wanted)):
        with packed.open(name) as part:
            if digest_of(part) != wanted[name]:
                bad.append(f"{name} was changed")
    bad += packed_reports.faults(file.parent / packed_reports.FOLDER,
                                 manifest.get(packed_reports.FOLDER, {}))  # fmt: skip
    if store not in wanted:
        bad.append(f"it holds no {store}: the store it came from is of another kind")
    if bad:
        raise ValueError(f"{file} must be as kawamori backup wrote it: " + "; ".join(bad) + ".")
    return manifest


def _check_room(engine: Engine, url: str, out: Path, names: list[str]) -> None:
    from sqlalchemy import inspect

    if inspect(engine).get_table_names():
        raise ValueError(f"the store must be empty, {shown(url)} has tables. Name a new one.")
    there = sorted({PurePosixPath(name).parts[1] for name in names})
    there = [name for name in there if (out / name).exists()]
    if there:
        raise ValueError(f"{out} must hold none of the reports, has {there}. Move them aside.")


def _point_to(engine: Engine, out: Path) -> None:
    """Let the runs name their reports where they lie now."""
    known = stored_runs(engine)
    with engine.begin() as connection:
        for run in known:
            if run.folder is not None:
                moved = update(runs).where(runs.c.run_id == run.run_id)
                connection.execute(moved.values(folder=str(out / run.folder.name)))
