"""LINE: one multicast per batch through the official SDK, with the batch key as retry key.

The key travels on the first try already; a repeat of an accepted key is answered 409 and counts as
accepted. A key is good for 24 h, so a batch must expire sooner. 200 means accepted, not delivered.
"""

from __future__ import annotations

import json
from typing import Any

from alerts.types import Batch, Message, PermanentError, Receipt, RetryableError

RECIPIENTS_MAX = 500
SHOWN_MAX = 200  # characters of a service's answer that an error carries


class LineChannel:
    """Sends through a `linebot.v3.messaging.Configuration` (host and access token) handed in."""

    name = "line"
    form = "line"

    def __init__(self, configuration: Any, *, timeout_s: float = 10.0) -> None:
        from linebot.v3.messaging import ApiClient, MessagingApi

        configuration.retries = False  # the outbox alone decides on another try
        self._secret = configuration.access_token
        self._client = ApiClient(configuration)
        self._api = MessagingApi(self._client)
        self._timeout_s = timeout_s

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Hand the whole batch to LINE.

        Raises
        ------
        RetryableError
            On 5xx, time-out, broken connection, and 429 for rate or concurrency.
        PermanentError
            On 429 for the monthly quota and every other 4xx: a person must look.
        """
        from linebot.v3.messaging import ApiException, MulticastRequest
        from urllib3.exceptions import HTTPError

        if len(batch.recipients) > RECIPIENTS_MAX:
            raise PermanentError(
                f"a LINE batch must have <= {RECIPIENTS_MAX} recipients, "
                f"got {len(batch.recipients)} (key {batch.key}). Approve it in smaller batches."
            )
        request = MulticastRequest.from_dict(
            {"to": list(batch.recipients), "messages": json.loads(message.body)}
        )
        try:
            answer = self._api.multicast_with_http_info(
                request, x_line_retry_key=batch.key, _request_timeout=self._timeout_s
            )
        except ApiException as error:
            return self._refused(batch, error)
        except HTTPError as error:  # its text may hold the host, so only the kind is kept
            raise RetryableError(f"LINE did not answer: {type(error).__name__}") from None
        reference = _header(answer.headers, "x-line-request-id")
        return Receipt(reference=reference, accepted=len(batch.recipients))

    def close(self) -> None:
        """Give back the connections."""
        self._client.rest_client.pool_manager.clear()

    def _refused(self, batch: Batch, error: Any) -> Receipt:
        """Give a receipt for 409, else raise; `from None`: the answer may repeat recipients."""
        if error.status == 409:
            reference = _header(error.headers, "x-line-accepted-request-id")
            return Receipt(reference=reference, accepted=len(batch.recipients))
        said = self._redacted(batch, error.body)
        text = f"LINE answered {error.status}: {said}"
        if error.status == 429 and "monthly limit" in said.lower():
            raise PermanentError(
                f"{text} The monthly quota is used up: raise the plan's limit, then replay. "
                "The second channel still goes."
            ) from None
        if error.status == 429 or error.status >= 500:
            raise RetryableError(text) from None
        raise PermanentError(text) from None

    def _redacted(self, batch: Batch, body: Any) -> str:
        said = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
        for secret in (self._secret, *batch.recipients):
            said = said.replace(secret, "***") if secret else said
        return said[:SHOWN_MAX]


def _header(headers: Any, name: str) -> str:
    """Give a header whatever its case, '' if absent."""
    lowered = {str(key).lower(): str(value) for key, value in (headers or {}).items()}
    return lowered.get(name, "")
