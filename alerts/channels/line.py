"""LINE: one multicast per batch, with the batch key as retry key.

The official SDK's models judge each message once; then the approved bytes themselves travel, over
kept connections of the SDK's client, so that a batch costs only its list of users. The key travels
on the first try already; a repeat of an accepted key is answered 409 and counts as accepted. A key
is good for 24 h, so a batch must expire sooner. 200 means accepted, not delivered.

429 is one of three: rate and concurrency pass by themselves; a monthly quota that is used up stops
the channel until a person raises the plan, and so does a token that LINE does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from alerts.types import (
    Batch,
    Message,
    PermanentError,
    Preflight,
    Receipt,
    RetryableError,
    StoppedError,
)

RECIPIENTS_MAX = 500
BODY_MAX = 2 * 1024 * 1024  # bytes
SHOWN_MAX = 200  # characters of a service's answer that an error carries
OBJECTS_MAX = 5  # message objects in one request
ROOT = "/v2/bot/message"


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
        self._root = configuration.host + ROOT
        self._timeout_s = timeout_s

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Hand the whole batch to LINE.

        Raises
        ------
        RetryableError
            On 5xx, time-out, broken connection, and 429 for rate or concurrency.
        PermanentError
            On a body that LINE would refuse and every other answer: a person must look.
        StoppedError
            When the monthly quota is used up, or LINE does not know the token.
        """
        answer = self._ask("POST", "/multicast", _body(batch, message), key=batch.key)
        if not 200 <= answer.status < 300:
            return self._refused(batch, answer)
        reference = answer.headers.get("x-line-request-id", "")
        return Receipt(reference=reference, accepted=len(batch.recipients))

    def check(self, messages: Sequence[Message], recipients: int) -> Preflight:
        """Ask LINE, without sending, whether the quota is enough and the messages are valid."""
        try:
            left = self._left()
            with ThreadPoolExecutor(self.width) as threads:
                found = list(threads.map(self._faults, _packs(messages)))
        except RetryableError as error:
            return Preflight(self.name, recipients, unanswered=str(error))
        refused = tuple(fault for faults in found for fault in faults)
        return Preflight(self.name, recipients, left, refused)

    def close(self) -> None:
        """Give back the connections."""
        self._pool.clear()

    def _ask(self, method: str, path: str, body: bytes | None = None, *, key: str = "") -> Any:
        from urllib3.exceptions import HTTPError

        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        if key:
            headers["X-Line-Retry-Key"] = key
        try:
            return self._pool.request(
                method, self._root + path, body=body, headers=headers, timeout=self._timeout_s
            )
        except HTTPError as error:  # its text may hold the host, so only the kind is kept
            raise RetryableError(f"LINE did not answer: {type(error).__name__}") from None

    def _left(self) -> int | None:
        """Give how many messages the plan still allows this month, None = no limit."""
        told = []
        for path in ("/quota", "/quota/consumption"):
            answer = self._ask("GET", path)
            if answer.status != 200:
                raise RetryableError(f"LINE answered {answer.status} when asked for {path}")
            told.append(json.loads(answer.data))
        if told[0].get("type") != "limited":
            return None
        return max(0, int(told[0]["value"]) - int(told[1]["totalUsage"]))

    def _faults(self, pack: Sequence[Message]) -> list[tuple[str, str]]:
        """Give what LINE refuses of a pack; each is asked for alone if the pack is refused."""
        broken = [(each.message_id, fault) for each in pack if (fault := message_fault(each.body))]
        if broken:
            rest = [each for each in pack if not message_fault(each.body)]
            return broken + (self._faults(rest) if rest else [])
        objects = b",".join(each.body.strip()[1:-1] for each in pack)
        answer = self._ask("POST", "/validate/multicast", b'{"messages":[' + objects + b"]}")
        if answer.status == 200:
            return []
        if answer.status != 400:
            raise RetryableError(f"LINE answered {answer.status} when asked to validate")
        if len(pack) > 1:
            return [fault for each in pack for fault in self._faults([each])]
        return [(pack[0].message_id, answer.data.decode("utf-8", "replace")[:SHOWN_MAX])]

    def _refused(self, batch: Batch, answer: Any) -> Receipt:
        """Give a receipt for 409, else raise; an answer may repeat recipients: redacted."""
        if answer.status == 409:
            reference = answer.headers.get("x-line-accepted-request-id", "")
            return Receipt(reference=reference, accepted=len(batch.recipients))
        said = self._redacted(batch, answer.data)
        text = f"LINE answered {answer.status}: {said}"
        if answer.status == 429 and "monthly limit" in said.lower():
            raise StoppedError(
                f"{text} The monthly quota is used up: raise the plan's limit. "
                "The second channel still goes."
            )
        if answer.status in (401, 403):
            raise StoppedError(f"{text} Set a channel access token that LINE knows.")
        if answer.status == 429 or answer.status >= 500:
            raise RetryableError(text)
        raise PermanentError(text)

    def _redacted(self, batch: Batch, body: bytes) -> str:
        said = body.decode("utf-8", "replace")
        for secret in (self._secret, *batch.recipients):
            said = said.replace(secret, "***") if secret else said
        return said[:SHOWN_MAX]


def _packs(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Give the messages in packs that one request can hold; each has one message object."""
    for start in range(0, len(messages), OBJECTS_MAX):
        yield list(messages[start : start + OBJECTS_MAX])


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
