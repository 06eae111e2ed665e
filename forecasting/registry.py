"""Trained models as folders named by their content: safe to read, byte for byte the same.

A folder holds ``manifest.json`` (format, model, versions, feature layout, sha256 and size of every
other file), ``state.json`` with ``arrays.npz`` and ``boosters/*.txt`` (what was learned),
``config.json`` (what it was asked to learn), ``metrics.json`` and ``card.md``. The folder's name is
the sha256 of the manifest: training twice on the same series with the same seed gives the same
folder. Nothing is pickled, so reading runs no code of the folder. The digest tells a damaged or
altered folder; it does not tell who made it.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from forecasting.layout import feature_layout
from forecasting.model_card import CardFacts, model_card
from forecasting.models import MODELS, LevelModel
from forecasting.packing import canonical_json, pack, unpack

FORMAT = 1
MANIFEST = "manifest.json"
SAVING = ".saving-"  # begins the name of a folder that is not complete
PLAIN_NAME = re.compile(r"[a-z0-9_]+\.[a-z]+|boosters/[0-9]+\.txt")


class UnusableModelError(ValueError):
    """A kept model is damaged, or of another version or feature layout: train again."""


def save(model: LevelModel, folder: Path, *, facts: CardFacts) -> Path:
    """Write a fitted model below `folder`; give its own folder, named by its digest.

    The folder appears complete or not at all: a process killed half-way leaves only a folder
    whose name begins with `SAVING`, which nobody reads.

    Raises
    ------
    ValueError
        If the model is not fitted, or its state holds what cannot be written.
    """
    files = _files(model, facts)
    manifest = canonical_json(_manifest(model.model_id, files))
    target = folder / sha256(manifest).hexdigest()
    if target.exists() and not faults(target):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=SAVING, dir=folder))
    try:
        part.chmod(0o755)
        for name, content in {**files, MANIFEST: manifest}.items():
            (part / name).parent.mkdir(exist_ok=True)
            (part / name).write_bytes(content)
        _move(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def load(folder: Path) -> LevelModel:
    """Give the model kept in `folder`; its forecasts are the saved model's, bit by bit.

    Raises
    ------
    UnusableModelError
        If a file is damaged, missing or too many, or the model was made by another version or
        for another feature layout; the message says which.
    FileNotFoundError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no kept model lies in {folder}. Train and save one.")
    manifest, files, found = _read(folder)
    found = found or _strangers(manifest)
    if found:
        raise UnusableModelError(
            f"kept model {folder.name[:12]} cannot be used: {'; '.join(found)}. Train it again."
        )
    return MODELS[manifest["model_id"]].from_state(unpack(files))


def faults(folder: Path) -> list[str]:
    """Give what is damaged in a kept model's folder; empty = each byte is as it was saved."""
    return _read(folder)[2]


def versions() -> dict[str, str]:
    """Give the versions that a model depends on."""
    return {name: version(name) for name in ("kawamori", "lightgbm", "numpy")}


def _files(model: LevelModel, facts: CardFacts) -> dict[str, bytes]:
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    config = model.config()
    told = {"model_id": model.model_id, "config": config, "facts": asdict(facts)}
    return {
        **pack(model.state()),
        "config.json": canonical_json(told),
        "metrics.json": canonical_json(list(facts.figures)),
        "card.md": model_card(model.model_id, config, facts, made).encode(),
    }


def _manifest(model_id: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    listed = {
        name: {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    }
    return {
        "format": FORMAT,
        "model_id": model_id,
        "versions": versions(),
        "features": feature_layout(),
        "files": listed,
    }


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes], list[str]]:
    """Give the manifest, every listed file and the faults found; files only if there is none."""
    path = folder / MANIFEST
    written = path.read_bytes() if path.is_file() else b""
    if sha256(written).hexdigest() != folder.name:
        return {}, {}, [f"{MANIFEST} must have the sha256 that names the folder, it has another"]
    manifest: dict[str, Any] = json.loads(written)
    listed = manifest["files"]
    there = {
        one.relative_to(folder).as_posix() for one in folder.rglob("*") if not one.is_dir()
    } - {MANIFEST}
    found = [f"{name} is not in the manifest" for name in sorted(there - set(listed))]
    found += [f"{name} is missing" for name in sorted(set(listed) - there)]
    found += [f"{name!r} is no file name" for name in listed if not PLAIN_NAME.fullmatch(name)]
    if found:
        return manifest, {}, found
    files = {name: (folder / name).read_bytes() for name in listed}
    found = [
        f"{name} must have sha256 {listed[name]['sha256'][:12]}, it has another"
        for name, content in files.items()
        if sha256(content).hexdigest() != listed[name]["sha256"]
    ]
    return manifest, files, found


def _strangers(manifest: Mapping[str, Any]) -> list[str]:
    """Give why an undamaged model cannot be used by this version."""
    found = []
    if manifest["format"] != FORMAT:
        found.append(f"format must be {FORMAT}, got {manifest['format']}")
        return found
    here, there = versions(), manifest["versions"]
    if there["kawamori"] != here["kawamori"]:
        found.append(f"it was made by kawamori {there['kawamori']}, this is {here['kawamori']}")
    if _major(there["lightgbm"]) != _major(here["lightgbm"]):
        found.append(f"it was made by LightGBM {there['lightgbm']}, this is {here['lightgbm']}")
    if manifest["features"] != feature_layout():
        found.append(
            f"its feature layout is {manifest['features'][:12]}, this version's is "
            f"{feature_layout()[:12]}"
        )
    if manifest["model_id"] not in MODELS:
        found.append(f"model must be one of {sorted(MODELS)}, got {manifest['model_id']!r}")
    return found


def _major(number: str) -> str:
    return number.split(".", maxsplit=1)[0]


def _move(part: Path, target: Path) -> None:
    """Put the finished folder in its place; a damaged one that stands there makes room."""
    if target.exists():
        if not faults(target):
            return
        broken = Path(tempfile.mkdtemp(prefix=SAVING, dir=target.parent))
        target.rename(broken / "broken")
        shutil.rmtree(broken)
    try:
        part.rename(target)
    except OSError:
        if not target.exists() or faults(target):  # else another process was faster
            raise
