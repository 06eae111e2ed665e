"""Web push and webhooks as the settings describe them."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.channels.posting import Poster
from alerts.channels.webhook import WebhookChannel
from alerts.channels.webpush import WebPushChannel
from kawamori.settings import Settings


def push_channel(settings: Settings) -> WebPushChannel:
    """Give the channel to browsers, signed with the city's VAPID key.

    Raises
    ------
    ValueError
        If the key is none; it is not quoted.
    """
    from py_vapid import Vapid02, VapidException

    try:
        vapid = Vapid02.from_string(settings.vapid_key.get_secret_value())
    except (ValueError, TypeError, VapidException):
        raise ValueError(
            "KAWAMORI_VAPID_KEY must be a P-256 private key in base64url. Make one: vapid --gen"
        ) from None
    return WebPushChannel(
        Poster(timeout_s=settings.post_timeout_s),
        vapid=vapid,
        contact=f"mailto:{settings.mail_from}",
        link=settings.public_url,
        clock=lambda: datetime.now(UTC),
    )


def webhook_channel(settings: Settings) -> WebhookChannel:
    """Give the channel to the city's partners.

    Raises
    ------
    ValueError
        If there is no secret to sign with.
    """
    secret = settings.webhook_secret.get_secret_value()
    if not secret:
        raise ValueError("KAWAMORI_WEBHOOK_URLS needs KAWAMORI_WEBHOOK_SECRET. Set a long one.")
    return WebhookChannel(
        Poster(timeout_s=settings.post_timeout_s, allow_private=settings.webhook_private),
        secret=secret.encode(),
        clock=lambda: datetime.now(UTC),
    )
