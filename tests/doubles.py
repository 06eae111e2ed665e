"""Local doubles: a LINE Messaging API over HTTP, a real SMTP server, channels that follow a script.

The services listen on 127.0.0.1, remember who got what, and fail when told to. Load by path.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerts.types import Batch, Message, Receipt

TOKEN = "token-of-the-double-7f3a"
QUOTA = "You have reached your monthly limit."
RATE = "The API rate limit has been exceeded. Try again later."
PATH = "/v2/bot/message/multicast"
TEXT_FIELDS = {"type", "text", "emojis", "quoteToken", "quickReply", "sender"}


@dataclass
class Fault:
    """What the double does with one request instead of answering 200."""

    status: int
    message: str
    lost: bool = False  # accept, then close the connection without an answer
    wait: threading.Event | None = None  # hold the answer until set (the client times out)


@dataclass
class LineDouble:
    """Remembers accepted retry keys, what each user got, and every retry key seen."""

    faults: deque[Fault] = field(default_factory=deque)
    accepted: dict[str, str] = field(default_factory=dict)
    inboxes: dict[str, list[str]] = field(default_factory=dict)
    keys_seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> LineDouble:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                double.answer(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()
        return self

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def fail(self, status: int = 500, message: str = "no", **how: Any) -> None:
        """Plan one more failure: the next request without one planned gets it."""
        self.faults.append(Fault(status, message, **how))

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)

    def answer(self, http: BaseHTTPRequestHandler) -> None:
        raw = http.rfile.read(int(http.headers.get("Content-Length", 0)))
        fault = self.faults.popleft() if self.faults else None
        if fault is None:
            return self._reply(http, *self.accept(http.path, http.headers, raw))
        if fault.lost:
            self.accept(http.path, http.headers, raw)
            http.close_connection = True
        if fault.wait is not None:
            fault.wait.wait(10)
        if not fault.lost:
            self._reply(http, fault.status, {"message": fault.message})
        return None

    def accept(
        self, path: str, headers: Any, raw: bytes
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Judge a request as the real service does: 401, 400, 409 or 200."""
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Authentication failed"}, {}
        if path != PATH:
            return 404, {"message": "Not found"}, {}
        key = headers.get("X-Line-Retry-Key", "")
        fault = key_fault(key) or body_fault(raw)
        if fault:
            return 400, {"message": "The request body has 1 error(s)", "details": [fault]}, {}
        with self.lock:
            self.keys_seen.append(key)
            if key in self.accepted:
                repeat = {"x-line-accepted-request-id": self.accepted[key]}
                return 409, {"message": "The retry key is already accepted"}, repeat
            request_id = f"request-{len(self.accepted)}"
            self.accepted[key] = request_id
            body = json.loads(raw)
            for user in body["to"]:
                self.inboxes.setdefault(user, []).append(body["messages"][0]["text"])
        return 200, {}, {"x-line-request-id": request_id}

    def _reply(
        self,
        http: BaseHTTPRequestHandler,
        status: int,
        body: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> None:
        raw = json.dumps(body).encode()
        http.send_response(status)
        http.send_header("Content-Type", "application/json")
        http.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            http.send_header(name, value)
        http.end_headers()
        try:
            http.wfile.write(raw)
        except ConnectionError:  # the client timed out, as it was meant to
            http.close_connection = True


def key_fault(key: str) -> dict[str, str] | None:
    """Name what is wrong with a retry key: it must be a UUID, and be there on the first try."""
    try:
        UUID(key)
    except ValueError:
        return {"message": "must be a UUID", "property": "X-Line-Retry-Key"}
    return None


def body_fault(raw: bytes) -> dict[str, str] | None:
    """Name what is wrong with a multicast body, in the words of the service's error details."""
    if len(raw) > 2 * 1024 * 1024:
        return {"message": "too large", "property": "body"}
    body = json.loads(raw)
    unknown = set(body) - {"to", "messages", "notificationDisabled", "customAggregationUnits"}
    if unknown:
        return {"message": "unknown property", "property": sorted(unknown)[0]}
    return users_fault(body.get("to")) or messages_fault(body.get("messages"))


def users_fault(users: Any) -> dict[str, str] | None:
    if not isinstance(users, list) or not 1 <= len(users) <= 500 or len(set(users)) != len(users):
        return {"message": "must be 1 to 500 different user ids", "property": "to"}
    bad = [user for user in users if not re.fullmatch(r"U[0-9a-f]{32}", user)]
    if bad:  # the real service also repeats what it was given
        return {"message": f"invalid user id {bad[0]}", "property": "to"}
    return None


def messages_fault(messages: Any) -> dict[str, str] | None:
    if not isinstance(messages, list) or not 1 <= len(messages) <= 5:
        return {"message": "must be 1 to 5 messages", "property": "messages"}
    for number, item in enumerate(messages):
        text = item.get("text")
        plain = item.get("type") == "text" and set(item) <= TEXT_FIELDS
        if not plain or not isinstance(text, str) or not 1 <= len(text) <= 5000:
            return {"message": "not a text message", "property": f"messages[{number}]"}
    return None


@dataclass
class SmtpDouble:
    """Remembers every mail; `answers` sets the reply to RCPT by address, `data` to whole mails."""

    user: str | None = None
    password: str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    data: deque[str] = field(default_factory=deque)
    mails: list[tuple[str, Mail]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)  # envelope senders, one per mail
    greeted: int = 0  # connections that said EHLO

    def start(self) -> SmtpDouble:
        options: dict[str, Any] = {}
        if self.user is not None:
            options = {
                "auth_require_tls": False,
                "authenticator": self._login,
            }
        with socket.socket() as free:  # the controller cannot choose a port itself
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=port, **options)
        self.controller.start()
        return self

    @property
    def port(self) -> int:
        return int(self.controller.port)

    def stop(self) -> None:
        self.controller.stop()

    def received(self) -> list[str]:
        """Give the envelope recipients in order of arrival."""
        return [recipient for recipient, _ in self.mails]

    def _login(
        self, _server: Any, _session: Any, _envelope: Any, _way: str, given: Any
    ) -> AuthResult:
        right = given.login == self.user.encode() and given.password == self.password.encode()
        return AuthResult(success=right, handled=False)

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted += 1
        return responses

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.data.popleft() if self.data else "250 OK"
        if answer.startswith("2"):
            mail = message_from_bytes(envelope.content, policy=default)
            self.mails += [(address, mail) for address in envelope.rcpt_tos]
            self.senders.append(envelope.mail_from)
        return answer


class Killed(BaseException):
    """What a kill looks like from inside: nothing may catch it."""


@dataclass
class Scripted:
    """A channel that does what the script says next, then accepts."""

    script: list[Any] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    name: str = "recording"
    form: str = "plain"

    def send(self, batch: Batch, text: Message) -> Receipt:
        self.batches.append(batch)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step()
        positions = range(len(batch.recipients)) if batch.pending is None else batch.pending
        return Receipt(reference="ok", accepted=len(positions))


@dataclass
class Wide(Scripted):
    """Sends from four threads and remembers how many were inside at once."""

    width: int = 4
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, batch: Batch, text: Message) -> Receipt:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.05)
        with self.lock:
            self.inside -= 1
            return super().send(batch, text)


@dataclass
class Sliced(Scripted):
    slice_size: int = 20
