"""A double of LINE's Messaging API that remembers and can say no; no network, no clock of its own.

It knows retry keys (409, for 24 h), the rate limit, the monthly quota, push, multicast, validate
and the quota endpoints. Each body is judged by the documented limits and, where the official
OpenAPI file lies beside the real data, by that file with its choices closed; the same message
objects only once, so that it stays fast. Texts of answers are those of the reference.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from alerts.flex import read_text
from benchmarks.line_contract import Contract
from benchmarks.line_limits import BODY_MAX, USER, messages_fault, users_fault

TOKEN = "token-of-the-double-7f3a"
QUOTA = "You have reached your monthly limit."
RATE = "The API rate limit has been exceeded. Try again later."
ROOT = "/v2/bot/message"
PATH = f"{ROOT}/multicast"
SENDS = {f"{ROOT}/push": "PushMessageRequest", PATH: "MulticastRequest"}
CHECKS = {f"{ROOT}/validate/push", f"{ROOT}/validate/multicast"}
KEY_LIFE_S = 24 * 3600.0

Reply = tuple[int, dict[str, Any], dict[str, str]]  # status, body, headers


@dataclass
class LineService:
    """What the service knows; `answer` is one request. Threads may share it."""

    contract: Contract | None = None
    token: str = TOKEN
    rate_per_s: float | None = None  # requests that one second takes; None = any number
    limit: int | None = None  # messages a month; None = no limit
    clock: Callable[[], float] = lambda: 0.0  # [s]
    accepted: dict[str, str] = field(default_factory=dict)  # retry key to request id
    keys_seen: list[str] = field(default_factory=list)
    used: int = 0  # messages of this month
    told: Callable[[list[str]], None] | None = None  # takes the users instead of `inboxes`

    def __post_init__(self) -> None:
        """Start with no requests."""
        self.lock = threading.Lock()
        self.inboxes: dict[str, list[str]] = {}
        self._since: dict[str, float] = {}
        self._verdicts: dict[str, str] = {}
        self._window, self._requests = 0.0, 0
        self._numbers = 0

    def answer(self, method: str, path: str, headers: Mapping[str, str], raw: bytes = b"") -> Reply:
        """Judge a request: 401, 404, 429, 400, 409 or 200."""
        with self.lock:
            if headers.get("Authorization", headers.get("authorization")) != f"Bearer {self.token}":
                return 401, {"message": "Authentication failed"}, {}
            if self._too_many():
                return 429, {"message": RATE}, {}
            if method == "GET":
                return self._quota(path)
            if path in CHECKS:
                fault = self._messages_fault(raw)
                return (400, refusal(fault), {}) if fault else (200, {}, {})
            if path in SENDS:
                key = headers.get("X-Line-Retry-Key", headers.get("x-line-retry-key"))
                return self._send(path, key, raw)
            return 404, {"message": "Not found"}, {}

    def _quota(self, path: str) -> Reply:
        if path == f"{ROOT}/quota":
            if self.limit is None:
                return 200, {"type": "none"}, {}
            return 200, {"type": "limited", "value": self.limit}, {}
        if path == f"{ROOT}/quota/consumption":
            return 200, {"totalUsage": self.used}, {}
        return 404, {"message": "Not found"}, {}

    def _send(self, path: str, key: str | None, raw: bytes) -> Reply:
        fault = key_fault(key, needed=path == PATH) or self._body_fault(path, raw)
        if fault:
            return 400, refusal(fault), {}
        body = json.loads(raw)
        users = [body["to"]] if isinstance(body["to"], str) else body["to"]
        if key is not None:
            self.keys_seen.append(key)
            if key in self.accepted and self.clock() - self._since[key] < KEY_LIFE_S:
                again = {"x-line-accepted-request-id": self.accepted[key]}
                return 409, {"message": "The retry key is already accepted"}, again
        if self.limit is not None and self.used + len(users) > self.limit:
            return 429, {"message": QUOTA}, {}
        request_id = f"request-{self._numbers}"
        self._numbers += 1
        self.used += len(users)
        if key is not None:
            self.accepted[key], self._since[key] = request_id, self.clock()
        self._keep(users, body["messages"])
        sent = {"sentMessages": [{"id": "1"}]} if path.endswith("push") else {}
        return 200, sent, {"x-line-request-id": request_id}

    def _keep(self, users: list[str], messages: list[dict[str, Any]]) -> None:
        if self.told is not None:
            self.told(users)
            return
        text = said(messages)
        for user in users:
            self.inboxes.setdefault(user, []).append(text)

    def _body_fault(self, path: str, raw: bytes) -> str:
        if len(raw) > BODY_MAX:
            return "body: too large"
        body = _parsed(raw)
        if body is None:
            return "body: must be JSON"
        fault = self._messages_fault(raw)
        if fault:
            return fault
        if path.endswith("push"):
            to = body.get("to")
            fault = "" if isinstance(to, str) and USER.fullmatch(to) else "to: invalid user id"
        else:
            fault = users_fault(body.get("to"))
        return fault or self._rest_fault(SENDS[path], body)

    def _rest_fault(self, name: str, body: dict[str, Any]) -> str:
        """Judge what stands beside users and messages, which have been judged already."""
        if self.contract is None:
            known = {"to", "messages", "notificationDisabled", "customAggregationUnits"}
            return next((f"{each}: unknown property" for each in body if each not in known), "")
        to: Any = "U" if name.startswith("Push") else ["U"]
        some = [{"type": "text", "text": "a"}]
        return self.contract.fault(name, {**body, "to": to, "messages": some})

    def _messages_fault(self, raw: bytes) -> str:
        body = _parsed(raw)
        messages = None if body is None else body.get("messages")
        key = json.dumps(messages, ensure_ascii=False)
        if key not in self._verdicts:
            fault = messages_fault(messages)
            if not fault and self.contract is not None:
                fault = self.contract.fault("ValidateMessageRequest", {"messages": messages})
            self._verdicts[key] = fault
        return self._verdicts[key]

    def _too_many(self) -> bool:
        if self.rate_per_s is None:
            return False
        now = self.clock()
        if now - self._window >= 1.0:
            self._window, self._requests = now, 0
        self._requests += 1
        return self._requests > self.rate_per_s


def key_fault(key: str | None, *, needed: bool) -> str:
    """Name what is wrong with a retry key: a UUID, and for a batch there on the first try."""
    try:
        if needed or key is not None:
            UUID(key or "")
    except ValueError:
        return "X-Line-Retry-Key: must be a UUID"
    return ""


def said(messages: list[dict[str, Any]]) -> str:
    """Give what people read in message objects; of other kinds only the kind."""
    known = [item for item in messages if item["type"] in {"text", "flex"}]
    rest = [f"[{item['type']}]" for item in messages if item["type"] not in {"text", "flex"}]
    return "\n".join([*([read_text(json.dumps(known).encode())] if known else []), *rest])


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def refusal(fault: str) -> dict[str, Any]:
    where, _, what = fault.partition(": ")
    return {
        "message": "The request body has 1 error(s)",
        "details": [{"message": what, "property": where}],
    }
