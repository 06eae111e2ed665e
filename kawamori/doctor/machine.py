"""The machine: Python, packages, page scripts, folders, disk, clock, time zone, secrets."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import InvalidRequirement, Requirement
from sqlalchemy import make_url

from kawamori.assets import read_manifest
from kawamori.dependencies import LOCK
from kawamori.doctor.finding import Found, Patient, ok, red, unknown

PYTHON = (3, 11)
FREE_MIN_BYTES = 2 * 1024**3  # some months of reports of a city
AHEAD = timedelta(minutes=2)  # file servers may be a little ahead
ENVIRONMENT = Path("/etc/kawamori")  # where docs/operations.md puts the secrets
NAMED = 5  # so many items stand in one line


def python(patient: Patient) -> Found:
    """Look at the version of Python."""
    have = f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
    if sys.version_info[:2] < PYTHON:
        yield red(
            "python", f"Python {have}, needs 3.11 or newer", "Install Python 3.11, then: make"
        )
    else:
        yield ok("python", f"Python {have}")


def lock(patient: Patient, file: Path = LOCK) -> Found:
    """Hold the installed packages against the lock file."""
    if not file.is_file():
        yield unknown("lock", "there is no lock/run.txt here", "Run it from a checkout.")
        return
    faults, count = [], 0
    for name, wanted in _pins(file.read_text(encoding="utf-8")):
        count += 1
        try:
            have = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            have = "none"
        if have != wanted:
            faults.append(f"{name} {have}, locked {wanted}")
    if faults:
        yield red("lock", f"{_some(faults)}", "Install what is locked: make demo (or make test)")
    else:
        yield ok("lock", f"{count} packages as locked")


def assets(patient: Patient) -> Found:
    """Look for the scripts of maps and charts, each with its digest."""
    folder = patient.settings.assets
    files = [file for package in read_manifest() for file in package.files]
    bad = [file.name for file in files if _sha256(folder / file.name) != file.sha256]
    if bad:
        yield red(
            "assets",
            f"missing or altered: {_some(bad)}; no report can be written",
            "python -m kawamori.assets as the service's user (in a checkout: make assets)",
        )
    else:
        yield ok("assets", f"{len(files)} files as pinned")


def font(patient: Patient) -> Found:
    """Look for a font with Japanese: the pages of districts and pictures for LINE are drawn."""
    from kawamori.district_pages import japanese_font

    if japanese_font() is None:
        yield red("font", "none with Japanese is installed: maps are drawn without names",
                  "apt-get install fonts-morisawa-bizud-gothic")  # fmt: skip
    else:
        yield ok("font", "one with Japanese is installed")


def data(patient: Patient) -> Found:
    """Look for the folder of real data, where one is named."""
    folder = patient.settings.data
    if folder is None:
        yield ok("data", "none is named (KAWAMORI_DATA): cities that are built need none")
    elif not folder.is_dir():
        yield red("data", f"KAWAMORI_DATA names no folder: {folder}",
                  "Mount or correct it; only building cities and training need it.")  # fmt: skip
    else:
        yield ok("data", "the folder is there")


def network_time(patient: Patient) -> Found:
    """Ask the system whether its clock follows a time server."""
    program = shutil.which("timedatectl")
    asked = [str(program), "show", "--property=NTPSynchronized", "--value"]
    said = "" if program is None else subprocess.run(
        asked, capture_output=True, text=True, timeout=10, check=False
    ).stdout.strip()  # fmt: skip
    remedy = "timedatectl set-ntp true; each feed's answer is held against this clock, too."
    if said == "no":
        yield red("network time", "the clock follows no time server", remedy)
    elif said == "yes":
        yield ok("network time", "the clock follows a time server")
    else:
        yield unknown("network time", "this system does not say", remedy)


def folders(patient: Patient) -> Found:
    """Write and remove a file in each folder that is written to."""
    for name, folder in _written(patient):
        check = f"folder {name}"
        if not folder.is_dir():
            yield red(check, "it does not exist", f"Make the folder that KAWAMORI_{name} names.")
            continue
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
                pass
        except OSError as error:
            yield red(
                check,
                f"it cannot be written: {error.strerror}",
                "Give it to the user that runs kawamori (chown, chmod u+rwx).",
            )
        else:
            yield ok(check, f"{folder.resolve()} is writable")


def disk(patient: Patient) -> Found:
    """Look at the room on the disks of the folders that are written to."""
    for name, folder in _written(patient):
        if not folder.is_dir():
            continue
        free = shutil.disk_usage(folder).free
        told = f"{free / 1024**3:.1f} GB free"
        if free < FREE_MIN_BYTES:
            yield red(
                f"disk {name}",
                f"{told}, needs 2 GB",
                "Back up, move old reports away, or give it a larger disk.",
            )
        else:
            yield ok(f"disk {name}", told)


def clock(patient: Patient) -> Found:
    """Hold the clock against the files: none was written later than now."""
    late = [
        path.name
        for _, folder in _written(patient)
        if folder.is_dir()
        for path in folder.iterdir()
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) > patient.now + AHEAD
    ]
    if late:
        yield red(
            "clock",
            f"files from the future: {_some(sorted(late))}",
            "Set the clock (timedatectl set-ntp true); run cycles again that it misdated.",
        )
    else:
        yield ok("clock", f"{patient.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, no file is later")


def timezone(patient: Patient) -> Found:
    """See that the time of Japan can be told."""
    try:
        local = patient.now.astimezone(ZoneInfo("Asia/Tokyo"))
    except ZoneInfoNotFoundError:
        yield red("timezone", "Asia/Tokyo is not known here", "Install tzdata.")
        return
    yield ok("timezone", f"{local:%Y-%m-%d %H:%M} in Japan, whatever zone the machine has")


def secrets(patient: Patient) -> Found:
    """See that nobody but the owner reads files that hold secrets or people's data."""
    files = sorted(path for path in _private(patient) if path.is_file())
    bare = [path.name for path in files if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH)]
    if bare:
        yield red("secrets", f"readable by everybody: {_some(bare)}", "chmod o-rwx on each of them")
    else:
        yield ok("secrets", f"{len(files)} private files, none for everybody")


def _private(patient: Patient) -> Iterator[Path]:
    settings = patient.settings
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and url.database:
        yield Path(url.database)
    yield from settings.rosters.glob("*.toml")
    for folder in (settings.home, ENVIRONMENT):
        yield from folder.glob("*.env")
    yield from settings.backups.glob("*.zip")
    for path in (settings.cap_key, settings.assisted):
        if path is not None:
            yield path


def _written(patient: Patient) -> list[tuple[str, Path]]:
    return [("HOME", patient.settings.home), ("OUT", patient.settings.out)]


def _pins(text: str) -> Iterator[tuple[str, str]]:
    """Give name and version of each pin that is meant for this machine."""
    for line in text.splitlines():
        pin = line.removesuffix("\\").strip()
        if "==" not in pin or pin.startswith(("#", "-")):
            continue
        try:
            wanted = Requirement(pin)
        except InvalidRequirement:
            continue
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            yield wanted.name, str(wanted.specifier).removeprefix("==")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _some(items: Iterable[str]) -> str:
    known = list(items)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more
