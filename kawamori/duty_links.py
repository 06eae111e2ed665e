"""Signed links of staff alerts: to acknowledge one, and to its map for LINE's servers.

A link names one alert and one person of the roster; nobody without `duty_secret` can make one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from alerts.duty.text import Links
from kawamori.settings import Settings

LINK_AGE_S = 48 * 3600  # an older link is of an alert that nobody needs to know of any more


def links_of(settings: Settings, found: Mapping[str, Any], person_id: str) -> Links:
    """Give the links of an alert for one person, as far as addresses and secret are set up."""
    outside = settings.public_url or settings.console_url
    inside = settings.console_url or settings.public_url
    run = f"{inside.rstrip('/')}/runs/{found['run_name']}" if inside and found["run_name"] else ""
    if not _secret(settings) or not outside:
        return Links(run=run)
    base = f"{outside.rstrip('/')}/duty"
    token = _text(_signer(settings).dumps([found["alert_id"], person_id]))
    shown = settings.public_url.startswith("https://") and found["picture"] is not None
    picture = f"{base}/maps/{map_token(settings, found['alert_id'])}.png" if shown else ""
    return Links(run=run, acknowledge=f"{base}/acknowledge/{token}", picture=picture)


def read_link(settings: Settings, token: str) -> tuple[str, str] | None:
    """Give alert and person of a link; None = forged, too old, or links are not set up."""
    if not _secret(settings):
        return None
    try:
        alert_id, person_id = _signer(settings).loads(token, max_age=LINK_AGE_S)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(alert_id), str(person_id)


def map_token(settings: Settings, alert_id: str) -> str:
    """Give what opens the map of one alert and nothing else."""
    return _text(_map_signer(settings).dumps(alert_id))


def read_map_token(settings: Settings, token: str) -> str | None:
    """Give the alert of a map; None = forged, or links are not set up."""
    if not _secret(settings):
        return None
    try:
        return str(_map_signer(settings).loads(token))
    except (BadSignature, ValueError):
        return None


def _secret(settings: Settings) -> str:
    return settings.duty_secret.get_secret_value()


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secret(settings), salt="acknowledge")


def _map_signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(_secret(settings), salt="map")


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode("ascii")
