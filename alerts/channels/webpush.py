"""Web push: the plain text to browsers that asked for it, encrypted to each, signed with VAPID.

A recipient is the subscription JSON that the browser gave (endpoint and keys). A push service that
still holds an undelivered message of the same batch replaces it (Topic), and the notification
carries the batch's key as its tag, so a repeat does not show twice. 201 means taken over by the
push service, not shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from alerts.channels.posting import Posted, Poster, post_each
from alerts.types import Batch, Message, Receipt

PAYLOAD_MAX = 3_900  # bytes; push services take 4,096 with the encryption's own
TTL = timedelta(hours=1)  # then a phone that was off gets nothing: the text would be old
SIGNED_FOR = timedelta(hours=12)  # RFC 8292 allows 24 h


class WebPushChannel:
    """Posts to the endpoints of a batch; `vapid` is a `py_vapid.Vapid02` with the city's key.

    `contact` is a mailto: or https: address that push services may write to; `link` is opened by a
    touch on the notification.
    """

    name = "webpush"
    form = "plain"
    width = 8
    slice_size = 25  # a kill leaves at most width x slice_size in doubt

    def __init__(
        self, poster: Poster, *, vapid: Any, contact: str, link: str, clock: Callable[[], datetime]
    ) -> None:
        if not contact.startswith(("mailto:", "https://")):
            raise ValueError(f"contact must begin with mailto: or https://, got {contact!r}.")
        self._poster = poster
        self._vapid = vapid
        self._contact = contact
        self._link = link
        self._clock = clock

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Push to each pending subscription; raises as `alerts.channels.posting.post_each`."""
        text = payload(batch.key, message, link=self._link)

        def post(subscription: str) -> Posted:
            return self._push(subscription, text, batch.key)

        return post_each(batch, post)

    def close(self) -> None:
        """Give back the connections."""
        self._poster.close()

    def _push(self, subscription: str, text: bytes, key: str) -> Posted:
        endpoint, body = encrypted(subscription, text)
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "sub": self._contact,
            "exp": int((self._clock() + SIGNED_FOR).timestamp()),
        }
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(int(TTL.total_seconds())),
            "Urgency": "high",
            "Topic": UUID(key).hex,
            **self._vapid.sign(claims),
        }
        return self._poster.post(endpoint, body, headers)


def payload(key: str, message: Message, *, link: str) -> bytes:
    """Give what the browser is told; a text too long for a push loses its last lines."""
    lines = message.body.decode().rstrip("\n").split("\n")
    while True:
        told = {
            "title": message.subject,
            "body": "\n".join(lines),
            "lang": message.language,
            "url": link,
            "tag": key,
        }
        data = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        if len(data) <= PAYLOAD_MAX or len(lines) == 1:
            return data
        lines.pop()


def encrypted(subscription: str, text: bytes) -> tuple[str, bytes]:
    """Give the endpoint and the text encrypted to it (RFC 8291).

    Raises
    ------
    ValueError
        If the subscription is not one; it is not quoted.
    """
    from pywebpush import WebPusher, WebPushException

    try:
        told = json.loads(subscription)
        return str(told["endpoint"]), bytes(WebPusher(told).encode(text)["body"])
    except (ValueError, KeyError, TypeError, AttributeError, WebPushException):
        raise ValueError("a subscription must be JSON with endpoint and keys.") from None
