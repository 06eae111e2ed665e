"""Web push for citizens: the worker of their browser, and taking a subscription into the registry.

Nobody signs in and no cookie counts, so a foreign page gains nothing by sending a form; it is
refused all the same: only JSON from a page of ours is read. A subscription is known to its browser
alone, so whoever shows it may end it.
"""

from __future__ import annotations

import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.enrolment import enrol
from alerts.glossary import languages
from alerts.recipients import Person, opt_out
from kawamori.console.access import public
from kawamori.console.desk import Desk, desk_of
from kawamori.console.tries import Tries
from kawamori.registry import districts_of
from kawamori.settings import Settings
from kawamori.store import newest_run

LOG = logging.getLogger(__name__)
CHANNEL, SOURCE = "webpush", "web-push"
KEY_BYTES = {"p256dh": 65, "auth": 16}  # RFC 8291
WORKER = """// Shows what the city pushed; a touch opens the page that it names.
self.addEventListener("push", (event) => {
  const told = event.data.json();
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body, lang: told.lang, tag: told.tag, renotify: true, requireInteraction: true,
    data: told.url,
  }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  if (event.notification.data) event.waitUntil(self.clients.openWindow(event.notification.data));
});
"""

Here = Annotated[Desk, Depends(desk_of)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Subscription(BaseModel):
    """What the browser gave: where to push to, and its keys."""

    model_config = ConfigDict(hide_input_in_errors=True)
    endpoint: Text
    keys: dict[Literal["p256dh", "auth"], Text]


class Wish(BaseModel):
    """Who asks to be told, of which district; nothing is kept without their consent."""

    model_config = ConfigDict(hide_input_in_errors=True)
    subscription: Subscription
    district_id: Text
    language: Text
    household: Literal["general", "elderly", "car"]
    consent: Literal[True]


tries = Tries()


def ours(request: Request, desk: Here) -> None:
    """Admit JSON from a page of ours, not too often.

    Raises
    ------
    HTTPException
        403 for a foreign page, 415 for a form, 429 for too many tries.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "the body must be application/json.")
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    if site != "same-origin" and (site or urlsplit(origin).netloc != request.url.netloc):
        raise HTTPException(403, "only a page of this service may ask.")
    if not tries.allow(request.client.host if request.client else "", desk.now()):
        raise HTTPException(429, "too many tries, wait 15 minutes.")


router = APIRouter(prefix="/push", dependencies=[Depends(public)])


@router.get("/worker.js")
def worker() -> Response:
    """Give the service worker; it may act for the whole site."""
    headers = {"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"}
    return Response(WORKER, media_type="text/javascript", headers=headers)


@router.get("/key")
def key(desk: Here) -> dict[str, str]:
    """Give the city's public key, which a browser needs to subscribe; 404 = no web push."""
    return {"key": public_key(desk.settings)}


@router.post("/subscribe", status_code=204, dependencies=[Depends(ours)])
def subscribe(desk: Here, wish: Wish) -> None:
    """Take a browser into the registry, with the time of its consent."""
    public_key(desk.settings)
    if wish.language not in languages() or wish.district_id not in _districts(desk):
        raise HTTPException(422, "language and district_id must be ones of this city.")
    now = desk.now()
    person = Person(
        wish.district_id, wish.language, wish.household, now, SOURCE,
        ((CHANNEL, address_of(wish.subscription)),),
    )  # fmt: skip
    with desk.engine.begin() as connection:
        enrol(connection, [person])


@router.post("/unsubscribe", status_code=204, dependencies=[Depends(ours)])
def unsubscribe(desk: Here, subscription: Subscription) -> None:
    """Push nothing more to a browser; one that is not known is no fault."""
    with desk.engine.begin() as connection:
        opt_out(connection, CHANNEL, address_of(subscription), at=desk.now())


def address_of(subscription: Subscription) -> str:
    """Give a subscription as the registry keeps it: always the same text for the same browser.

    Raises
    ------
    HTTPException
        422 if it is none; it is not quoted.
    """
    endpoint, keys = subscription.endpoint, subscription.keys
    try:
        sizes = {name: len(_decoded(text)) for name, text in keys.items()}
        named = urlsplit(endpoint)
        right = named.scheme == "https" and bool(named.hostname) and sizes == KEY_BYTES
    except ValueError:
        right = False
    if not right:
        raise HTTPException(422, "subscription must have an https endpoint and both keys.")
    told = {"endpoint": endpoint, "keys": {name: text.rstrip("=") for name, text in keys.items()}}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def offered(settings: Settings, city_id: str) -> str:
    """Give the public key if browsers can subscribe for a city, "" if nothing may be offered."""
    if not (settings.cities / city_id / "districts.parquet").is_file():
        return ""
    from py_vapid import VapidException

    try:
        return public_key(settings)
    except HTTPException:
        return ""
    except (ValueError, TypeError, VapidException):
        LOG.warning("KAWAMORI_VAPID_KEY is no key of P-256: web push is not offered")
        return ""


def public_key(settings: Settings) -> str:
    """Give the public half of the VAPID key. [base64url of 65 bytes]"""
    secret = settings.vapid_key.get_secret_value()
    if not secret:
        raise HTTPException(404, "this city has no web push.")
    return _public_half(secret)


@cache
def _public_half(secret: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import Vapid02

    half = Vapid02.from_string(secret).public_key
    data = half.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _districts(desk: Desk) -> dict[str, str]:
    newest = newest_run(desk.engine, drill=False)
    if newest is None:
        raise HTTPException(404, "nothing is stored of this city yet.")
    try:
        return districts_of(desk.settings, newest.city_id)
    except FileNotFoundError as error:
        raise HTTPException(404, "the districts of this city are not known here.") from error
