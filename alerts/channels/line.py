"""LINE: one multicast per batch, with the batch key as retry key.

The official SDK's models judge each message once; then the approved bytes themselves travel, over
kept connections of the SDK's client, so that a batch costs only its list of users. The key travels
on the first try already; a repeat of an accepted key is answered 409 and counts as accepted. A key
is good for 24 h, so a batch must expire sooner. 200 means accepted, not delivered.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from alerts.types import Batch, Message, PermanentError, Receipt, RetryableError

RECIPIENTS_MAX = 500
BODY_MAX = 2 * 1024 * 1024  # bytes
SHOWN_MAX = 200  # characters of a service's answer that an error carries
PATH = "/v2/bot/message/multicast"


class LineChannel:
    """Sends through a `linebot.v3.messaging.Configuration` (host and access token) handed in.

    Threads may share it: each takes a connection of the pool.
    """

    name = "line"
    form = "line"
    width = 8  # LINE takes 200 multicasts a second

    def __init__(self, configuration: Any, *, timeout_s: float = 10.0) -> None:
        from linebot.v3.messaging import ApiClient

        configuration.retries = False  # the outbox alone decides on another try
        configuration.connection_pool_maxsize = self.width
        self._secret = configuration.access_token
        self._pool = ApiClient(configuration).rest_client.pool_manager
        self._url = configuration.host + PATH
        self._timeout_s = timeout_s

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Hand the whole batch to LINE.

        Raises
        ------
        RetryableError
            On 5xx, time-out, broken connection, and 429 for rate or concurrency.
        PermanentError
            On a body that LINE would refuse, 429 for the monthly quota and every other answer: a
            person must look.
        """
        from urllib3.exceptions import HTTPError

        body = _body(batch, message)
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
            "X-Line-Retry-Key": batch.key,
        }
        try:
            answer = self._pool.request(
                "POST", self._url, body=body, headers=headers, timeout=self._timeout_s
            )
        except HTTPError as error:  # its text may hold the host, so only the kind is kept
            raise RetryableError(f"LINE did not answer: {type(error).__name__}") from None
        if not 200 <= answer.status < 300:
            return self._refused(batch, answer)
        reference = answer.headers.get("x-line-request-id", "")
        return Receipt(reference=reference, accepted=len(batch.recipients))

    def close(self) -> None:
        """Give back the connections."""
        self._pool.clear()

    def _refused(self, batch: Batch, answer: Any) -> Receipt:
        """Give a receipt for 409, else raise; an answer may repeat recipients: redacted."""
        if answer.status == 409:
            reference = answer.headers.get("x-line-accepted-request-id", "")
            return Receipt(reference=reference, accepted=len(batch.recipients))
        said = self._redacted(batch, answer.data)
        text = f"LINE answered {answer.status}: {said}"
        if answer.status == 429 and "monthly limit" in said.lower():
            raise PermanentError(
                f"{text} The monthly quota is used up: raise the plan's limit, then replay. "
                "The second channel still goes."
            )
        if answer.status == 429 or answer.status >= 500:
            raise RetryableError(text)
        raise PermanentError(text)

    def _redacted(self, batch: Batch, body: bytes) -> str:
        said = body.decode("utf-8", "replace")
        for secret in (self._secret, *batch.recipients):
            said = said.replace(secret, "***") if secret else said
        return said[:SHOWN_MAX]


def _body(batch: Batch, message: Message) -> bytes:
    """Give the request: the approved bytes as they are, and who gets them."""
    fault = message_fault(message.body)
    if fault:
        raise PermanentError(f"LINE would refuse message {message.message_id}: {fault}")
    if not 1 <= len(batch.recipients) <= RECIPIENTS_MAX:
        raise PermanentError(
            f"a LINE batch must have 1 to <= {RECIPIENTS_MAX} recipients, "
            f"got {len(batch.recipients)} (key {batch.key}). Approve it in smaller batches."
        )
    users = json.dumps(batch.recipients, separators=(",", ":")).encode()
    body = b'{"to":' + users + b',"messages":' + message.body + b"}"
    if len(body) > BODY_MAX:
        raise PermanentError(f"a LINE body must have <= {BODY_MAX} bytes, got {len(body)}.")
    return body


@lru_cache(maxsize=1024)
def message_fault(body: bytes) -> str:
    """Say what the SDK's models find wrong with a list of message objects, '' if nothing."""
    from linebot.v3.messaging import MulticastRequest
    from pydantic.v1 import ValidationError

    try:
        MulticastRequest.from_dict({"to": ["U"], "messages": json.loads(body)})
    except ValidationError as error:
        return "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return f"it is no list of message objects ({type(error).__name__})"
    return ""
