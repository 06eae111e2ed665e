"""CAP documents for the public: an Atom feed that a reader may ask for again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Response

from alerts.cap.feed import CAP_TYPE, Entry, feed
from alerts.cap.publication import in_force, published
from alerts.channels.cap import CapChannel, SigningKey
from kawamori.settings import Settings

TITLE = "防災情報(CAP) / CAP alerts"


def cap_channel(settings: Settings) -> CapChannel:
    """Give the channel of the settings; the key is read now, so that a wrong path is seen at once.

    Raises
    ------
    ValueError
        If only one of key and certificate is named.
    """
    named = settings.cap_key, settings.cap_certificate
    if (named[0] is None) != (named[1] is None):
        raise ValueError("KAWAMORI_CAP_KEY and KAWAMORI_CAP_CERTIFICATE must be set together.")
    key = None
    if settings.cap_key is not None and settings.cap_certificate is not None:
        key = SigningKey(settings.cap_key.read_bytes(), settings.cap_certificate.read_bytes())
    return CapChannel(
        settings.cap_feed, sender=settings.cap_sender, clock=lambda: datetime.now(UTC), key=key
    )


def cap_router(
    folder: Path,
    *,
    public_url: str = "",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """Give the routes /cap/feed.xml and /cap/IDENTIFIER.xml over a folder of documents.

    Parameters
    ----------
    public_url
        How readers reach the service; links are relative without it.
    """
    router = APIRouter()
    address = f"{public_url.rstrip('/')}/cap"

    @router.get("/cap/feed.xml")
    def atom(if_none_match: Annotated[str, Header()] = "") -> Response:
        now = clock()
        entries = [
            Entry(
                identifier=f"urn:uuid:{one.identifier}",
                title=one.headline,
                sent=one.sent,
                expires=one.expires,
                link=f"{address}/{one.identifier}.xml",
                signed=one.signed,
            )
            for one in in_force(published(folder), now)
        ]
        data, tag = feed(entries, title=TITLE, feed_id=f"{address}/feed.xml", now=now)
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(data, media_type="application/atom+xml", headers=headers)

    @router.get("/cap/{identifier}.xml")
    def document(identifier: UUID) -> Response:
        path = folder / f"{identifier}.xml"
        if not path.is_file():
            raise HTTPException(404, f"no CAP document {identifier}")
        return Response(path.read_bytes(), media_type=CAP_TYPE)

    return router
