"""Map and chart scripts: fetched once by pinned version and integrity hash, never committed.

`assets.json` names each npm package, the sha512 of its archive and the few files that the pages
use with their sha256. npm comes from PATH or from the virtual environment; where there is none it
is installed there from `lock/npm.txt`. Pages then need neither network nor CDN.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MANIFEST = Path(__file__).with_name("assets.json")
NPM_LOCK = Path(__file__).resolve().parents[1] / "lock" / "npm.txt"
TIMEOUT_S = 180.0


class AssetError(Exception):
    """The scripts cannot be had; the message says what to do."""


@dataclass(frozen=True)
class AssetFile:
    """One file of a package, the name it gets, and its digest."""

    path: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """One pinned npm package."""

    name: str
    version: str
    licence: str
    integrity: str  # sha512 of the archive, as npm writes it
    files: tuple[AssetFile, ...]


def read_manifest(path: Path = MANIFEST) -> tuple[Package, ...]:
    """Give the pinned packages."""
    entries = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return tuple(
        Package(**{**entry, "files": tuple(AssetFile(**file) for file in entry["files"])})
        for entry in entries
    )


def fetch_assets(folder: Path, packages: Sequence[Package], *, npm: str | None = None) -> list[str]:
    """Put every missing or changed file into `folder`; give the names written.

    Files appear whole or not at all; with all of them there, nothing runs.

    Parameters
    ----------
    npm
        Path of npm; None = found or installed by `find_npm`, only if something is missing.

    Raises
    ------
    AssetError
        If npm cannot be had or fails, or an archive or file is not the pinned one.
    """
    missing = [package for package in packages if not _complete(folder, package)]
    if not missing:
        return []
    npm = npm or find_npm()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for package in missing:
        with tempfile.TemporaryDirectory() as work:
            contents = _unpack(_pack(npm, package, Path(work)), package)
        for file in package.files:
            _write(folder / file.name, contents[file.name])
            written.append(file.name)
    return written


def find_npm() -> str:
    """Give npm of PATH, or of the virtual environment, where it is installed if need be."""
    own = Path(sys.executable).with_name("npm")
    found = shutil.which("npm") or shutil.which(str(own))
    if found:
        return found
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, "--require-hashes", "-r", str(NPM_LOCK)], NPM_LOCK.parent)
    found = shutil.which(str(own))
    if not found:
        raise AssetError(
            f"npm must be on PATH or come with {NPM_LOCK.name}, got neither. Install Node.js."
        )
    return found


def main() -> int:
    """Fetch what is missing into the assets folder of the settings."""
    from kawamori.settings import Settings

    folder = Settings().assets
    try:
        written = fetch_assets(folder, read_manifest())
    except (AssetError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{folder}: {', '.join(written) if written else 'complete'}\n")
    return 0


def _complete(folder: Path, package: Package) -> bool:
    paths = [(folder / file.name, file.sha256) for file in package.files]
    return all(path.is_file() and _sha256(path.read_bytes()) == digest for path, digest in paths)


def _pack(npm: str, package: Package, work: Path) -> bytes:
    """Give the archive of a package, its integrity checked."""
    spec = f"{package.name}@{package.version}"
    _run([npm, "pack", spec, "--ignore-scripts", "--silent", "--pack-destination", str(work)], work)
    archives = list(work.glob("*.tgz"))
    if len(archives) != 1:
        raise AssetError(f"npm pack {spec} must give one archive, got {len(archives)}. Update npm.")
    content = archives[0].read_bytes()
    got = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if got != package.integrity:
        raise AssetError(
            f"{spec} must have integrity {package.integrity}, got {got}."
            " Do not use it; check where npm fetches from."
        )
    return content


def _unpack(archive: bytes, package: Package) -> dict[str, bytes]:
    contents = {}
    with tempfile.SpooledTemporaryFile() as file:
        file.write(archive)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as tar:
            for wanted in package.files:
                member = tar.extractfile(f"package/{wanted.path}")
                contents[wanted.name] = member.read() if member else b""
    for wanted in package.files:
        got = _sha256(contents[wanted.name])
        if got != wanted.sha256:
            raise AssetError(
                f"{package.name} {wanted.path} must have sha256 {wanted.sha256}, got {got}."
                " Correct assets.json."
            )
    return contents


def _run(command: Sequence[str], folder: Path) -> None:
    """Run a tool with this environment's programs first on PATH."""
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
    try:
        subprocess.run(
            command, cwd=folder, env=environment, check=True, timeout=TIMEOUT_S,
            capture_output=True, text=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise AssetError(
            f"{' '.join(command[:4])} failed: {error.stderr.strip() or error.stdout.strip()}\n"
            "Check the network and run it again: python -m kawamori.assets"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise AssetError(
            f"{' '.join(command[:4])} gave no answer within {TIMEOUT_S:g} s. Check the network."
        ) from error


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
