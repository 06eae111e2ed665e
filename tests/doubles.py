"""Local doubles: a LINE Messaging API over HTTP, a real SMTP server, channels that follow a script.

The services listen on 127.0.0.1, remember who got what, and fail when told to. Load by path.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_bytes
from typing import Any

import http_ece
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerts.types import Batch, Message, Receipt
from benchmarks.line_service import (  # noqa: F401 - tests read them here
    PATH,
    QUOTA,
    RATE,
    TOKEN,
    LineService,
    Reply,
)


@dataclass
class Fault:
    """What the double does with one request instead of answering 200."""

    status: int
    message: str
    lost: bool = False  # accept, then close the connection without an answer
    wait: threading.Event | None = None  # hold the answer until set (the client times out)


@dataclass
class LineDouble:
    """`benchmarks.line_service` over HTTP, with faults that are told it beforehand."""

    service: LineService = field(default_factory=LineService)
    faults: deque[Fault] = field(default_factory=deque)
    latency_s: float = 0.0

    def start(self) -> LineDouble:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                double.answer(self)

            def do_GET(self) -> None:
                self._send(*double.service.answer("GET", self.path, self.headers))

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _send(
                self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
            ) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(raw)
                except ConnectionError:  # the client timed out, as it was meant to
                    self.close_connection = True

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

    @property
    def inboxes(self) -> dict[str, list[str]]:
        """Give what each user can read."""
        return self.service.inboxes

    @property
    def accepted(self) -> dict[str, str]:
        return self.service.accepted

    @property
    def keys_seen(self) -> list[str]:
        return self.service.keys_seen

    def fail(self, status: int = 500, message: str = "no", **how: Any) -> None:
        """Plan one more failure: the next request without one planned gets it."""
        self.faults.append(Fault(status, message, **how))

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)

    def answer(self, http: Any) -> None:
        raw = http.rfile.read(int(http.headers.get("Content-Length", 0)))
        time.sleep(self.latency_s)
        fault = self.faults.popleft() if self.faults else None
        if fault is None:
            return http._send(*self.accept(http.path, http.headers, raw))
        if fault.lost:
            self.accept(http.path, http.headers, raw)
            http.close_connection = True
        if fault.wait is not None:
            fault.wait.wait(10)
        if not fault.lost:
            http._send(fault.status, {"message": fault.message})
        return None

    def accept(self, path: str, headers: Any, raw: bytes) -> Reply:
        """Judge a request without a network."""
        return self.service.answer("POST", path, headers, raw)


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


@dataclass
class HttpDouble:
    """Remembers every POST; `answers` are planned as (status, headers), then 201."""

    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)  # the accepted
    tried: int = 0

    def start(self) -> HttpDouble:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                double.tried += 1
                status, headers = double.answers.popleft() if double.answers else (201, {})
                if status < 300:
                    double.posts.append((self.path, dict(self.headers), raw))
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()
        return self

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)


@dataclass
class Browser:
    """A browser that subscribed to push: it alone can read what is sent to it."""

    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: token_bytes(16))

    def subscription(self, endpoint: str) -> str:
        form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        keys = {"p256dh": self.key.public_key().public_bytes(*form), "auth": self.secret}
        told = {name: urlsafe_b64encode(value).decode().rstrip("=") for name, value in keys.items()}
        return json.dumps({"endpoint": endpoint, "keys": told})

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret)
        return dict(json.loads(plain))


def make_key() -> tuple[bytes, bytes]:
    """Give a new signing key and its own certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "試験市")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


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
