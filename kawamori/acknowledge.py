"""Acknowledging a staff alert by a signed link, and its map for LINE's servers.

GET only shows what the alert is: scanners of mail follow links. POST acknowledges. The link names
one alert and one person of the roster, and nobody without the secret can make one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection, Engine, select

from alerts.duty.book import acknowledge, alert, told_of
from alerts.duty.tables import staff_alert
from alerts.duty.text import INSIDE, Links
from alerts.wording import jst
from kawamori.settings import Settings
from kawamori.store import open_store

LINK_AGE_S = 48 * 3600  # an older link is of an alert that nobody needs to know of any more
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def links_of(settings: Settings, now: datetime, found: Mapping[str, Any], person_id: str) -> Links:
    """Give the links of an alert for one person, as far as addresses and secret are set up."""
    outside = settings.public_url or settings.console_url
    inside = settings.console_url or settings.public_url
    run = f"{inside.rstrip('/')}/runs/{found['run_name']}" if inside and found["run_name"] else ""
    if not settings.duty_secret.get_secret_value() or not outside:
        return Links(run=run)
    base = f"{outside.rstrip('/')}/duty"
    token = _signer(settings).dumps([found["alert_id"], person_id])
    shown = settings.public_url.startswith("https://") and found["picture"] is not None
    picture = _map_signer(settings).dumps(found["alert_id"]) if shown else ""
    return Links(
        run=run,
        acknowledge=f"{base}/acknowledge/{_text(token)}",
        picture=f"{base}/maps/{_text(picture)}.png" if picture else "",
    )


def acknowledge_router(settings: Settings) -> APIRouter:
    """Give the routes; without `duty_secret` every link is refused."""
    engine = open_store(settings.store_url)
    router = APIRouter(prefix="/duty")

    @router.get("/acknowledge/{token}", response_class=HTMLResponse)
    def show(token: str) -> HTMLResponse:
        """Show the alert and a button; nothing is acknowledged."""
        return _page(settings, engine, token)

    @router.post("/acknowledge/{token}", response_class=HTMLResponse)
    def confirm(token: str, everything: Annotated[bool, Form()] = False) -> HTMLResponse:
        """Acknowledge the alert, or every alert that this person was told of."""
        read = _read(settings, token)
        if read is not None:
            alert_id, person_id = read
            with engine.begin() as connection:
                _confirm(connection, alert_id, person_id, everything=everything)
        return _page(settings, engine, token)

    @router.get("/maps/{token}.png")
    def picture(token: str) -> Response:
        """Give the shelter map of an alert."""
        image = _map(settings, engine, token)
        if image is None:
            return Response(status_code=404)
        return Response(image, media_type="image/png", headers={"Cache-Control": "no-store"})

    return router


def _confirm(connection: Connection, alert_id: str, person_id: str, *, everything: bool) -> None:
    found = alert(connection, alert_id)
    if found is None:
        return
    others = told_of(connection, person_id, found.city_id) if everything else []
    for each in dict.fromkeys([alert_id, *others]):
        acknowledge(connection, each, person_id=person_id, how="link", at=datetime.now(UTC))


def _page(settings: Settings, engine: Engine, token: str) -> HTMLResponse:
    read = _read(settings, token)
    found, others = None, 0
    if read is not None:
        alert_id, person_id = read
        with engine.connect() as connection:
            found = alert(connection, alert_id)
            if found is not None:
                told = told_of(connection, person_id, found.city_id)
                others = len([each for each in told if each != alert_id])
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("duty.html").render(
        alert=found, others=others, token=token, mark=INSIDE, jst=jst,
        picture=_text(_map_signer(settings).dumps(found.alert_id))
        if found is not None and found.picture is not None else "",
    )  # fmt: skip
    return HTMLResponse(page, 404 if found is None else 200, headers=HEADERS)


def _map(settings: Settings, engine: Engine, token: str) -> bytes | None:
    if not settings.duty_secret.get_secret_value():
        return None
    try:
        alert_id = _map_signer(settings).loads(token)
    except BadSignature:
        return None
    query = select(staff_alert.c.picture).where(staff_alert.c.alert_id == str(alert_id))
    with engine.connect() as connection:
        image = connection.execute(query).scalar()
    return None if image is None else bytes(image)


def _read(settings: Settings, token: str) -> tuple[str, str] | None:
    """Give alert and person of a link; None = forged, too old, or links are not set up."""
    if not settings.duty_secret.get_secret_value():
        return None
    try:
        alert_id, person_id = _signer(settings).loads(token, max_age=LINK_AGE_S)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(alert_id), str(person_id)


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.duty_secret.get_secret_value(), salt="acknowledge")


def _map_signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.duty_secret.get_secret_value(), salt="map")


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode("ascii")
