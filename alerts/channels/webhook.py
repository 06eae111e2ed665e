"""Webhook: the plain text as JSON to the city's partners, signed so that they know who sent it.

`Kawamori-Signature: t=TIME,v1=HEX` is the HMAC-SHA256 of "TIME.BODY" with the shared secret; a
receiver refuses an old TIME. `Idempotency-Key` is the key of the batch: a repeat is not a new
message.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime

from alerts.channels.posting import Posted, Poster, post_each
from alerts.types import Batch, Message, Receipt


class WebhookChannel:
    """Posts to the URLs of a batch; `secret` is shared with those who receive."""

    name = "webhook"
    form = "plain"

    def __init__(self, poster: Poster, *, secret: bytes, clock: Callable[[], datetime]) -> None:
        if not secret:
            raise ValueError("a webhook needs a secret to sign with, got an empty one.")
        self._poster = poster
        self._secret = secret
        self._clock = clock

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Post to each pending URL; raises as `alerts.channels.posting.post_each`."""
        body = payload(batch.key, message)
        at = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": batch.key,
            "Kawamori-Signature": f"t={at},v1={signature(self._secret, at, body)}",
        }

        def post(url: str) -> Posted:
            return self._poster.post(url, body, headers)

        return post_each(batch, post)

    def close(self) -> None:
        """Give back the connections."""
        self._poster.close()


def payload(key: str, message: Message) -> bytes:
    """Give the JSON body: always the same bytes for the same message and key."""
    body = {
        "key": key,
        "message_id": message.message_id,
        "district_id": message.district_id,
        "language": message.language,
        "subject": message.subject,
        "text": message.body.decode(),
        "sha256": message.sha256,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: bytes, at: int, body: bytes) -> str:
    """Give the hex HMAC-SHA256 of "AT.BODY"; `at` in seconds since 1970."""
    return hmac.digest(secret, f"{at}.".encode() + body, "sha256").hex()
