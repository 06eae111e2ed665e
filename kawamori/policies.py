"""The policy of a city: its own file, else the common one."""

from __future__ import annotations

from pathlib import Path

from advisory.policy import Policy
from kawamori.city import read_toml
from kawamori.settings import Settings


def read_policy(settings: Settings, folder: Path | None = None) -> Policy:
    """Read `policy.toml` of the city in `folder`, or of all cities where it has none."""
    own = None if folder is None else folder / "policy.toml"
    return Policy.from_mapping(
        read_toml(own if own is not None and own.exists() else settings.bundles / "policy.toml")
    )
