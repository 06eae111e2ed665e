"""The page behind the link of a staff alert, and its map for LINE's servers.

GET only shows what the alert is: scanners of mail follow links. POST acknowledges. Nobody signs
in: the signed link is the proof (`kawamori.duty_links`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection, select

from alerts.duty.book import acknowledge, alert, told_of
from alerts.duty.tables import staff_alert
from alerts.duty.text import INSIDE
from alerts.wording import jst
from kawamori.console.access import from_service
from kawamori.console.desk import Desk, desk_of
from kawamori.duty_links import map_token, read_link, read_map_token

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
MAP_HEADERS = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "cross-origin"}

router = APIRouter(prefix="/duty", dependencies=[Depends(from_service)])
Here = Annotated[Desk, Depends(desk_of)]


@router.get("/acknowledge/{token}", response_class=HTMLResponse)
def show(token: str, desk: Here) -> HTMLResponse:
    """Show the alert and a button; nothing is acknowledged."""
    return _page(desk, token)


@router.post("/acknowledge/{token}", response_class=HTMLResponse)
def confirm(token: str, desk: Here, everything: Annotated[bool, Form()] = False) -> HTMLResponse:
    """Acknowledge the alert, or every alert that this person was told of."""
    read = read_link(desk.settings, token)
    if read is not None:
        with desk.engine.begin() as connection:
            _confirm(connection, *read, everything=everything, at=desk.now())
    return _page(desk, token)


@router.get("/maps/{token}.png")
def picture(token: str, desk: Here) -> Response:
    """Give the shelter map of an alert."""
    alert_id = read_map_token(desk.settings, token)
    query = select(staff_alert.c.picture).where(staff_alert.c.alert_id == alert_id)
    with desk.engine.connect() as connection:
        image = None if alert_id is None else connection.execute(query).scalar()
    if image is None:
        return Response(status_code=404)
    return Response(bytes(image), media_type="image/png", headers=MAP_HEADERS)


def _confirm(
    connection: Connection, alert_id: str, person_id: str, *, everything: bool, at: datetime
) -> None:
    found = alert(connection, alert_id)
    if found is None:
        return
    others = told_of(connection, person_id, found.city_id) if everything else []
    for each in dict.fromkeys([alert_id, *others]):
        acknowledge(connection, each, person_id=person_id, how="link", at=at)


def _page(desk: Desk, token: str) -> HTMLResponse:
    read = read_link(desk.settings, token)
    found, others = None, 0
    if read is not None:
        alert_id, person_id = read
        with desk.engine.connect() as connection:
            found = alert(connection, alert_id)
            if found is not None:
                told = told_of(connection, person_id, found.city_id)
                others = len([each for each in told if each != alert_id])
    shown = found is not None and found.picture is not None
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("duty.html").render(
        alert=found,
        others=others,
        token=token,
        mark=INSIDE,
        jst=jst,
        picture=map_token(desk.settings, found.alert_id) if found is not None and shown else "",
    )
    return HTMLResponse(page, 404 if found is None else 200, headers=HEADERS)
