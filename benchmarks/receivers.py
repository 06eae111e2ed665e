"""Doubles of LINE and of a mail server in a process of their own, fast enough to measure against.

`python -m benchmarks.receivers --faults 0.1 --seed 1` prints their ports as JSON and runs until its
standard input closes. LINE remembers retry keys (409) and who got what; GET /report on its port
tells it. With faults, half the share are refusals (500, 451), half are answers lost after
acceptance. LINE is `benchmarks.line_service`: with KAWAMORI_DATA it judges every different message
by the official file.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.line_contract import official_file, read_contract
from benchmarks.line_service import LineService


class Ledger:
    """Who got how many, and when the last came."""

    def __init__(self, faults: float, seed: int) -> None:
        self.faults, self.random = faults, random.Random(seed)
        path = official_file(Path(os.environ.get("KAWAMORI_DATA", "nowhere")))
        self.line = LineService(
            None if path is None else read_contract(path),
            told=lambda users: self.accept("line", users),
            clock=time.monotonic,
        )
        self.got: dict[str, Counter[str]] = {"line": Counter(), "mail": Counter()}
        self.last: dict[str, float] = {"line": 0.0, "mail": 0.0}
        self.lost_answers = {"line": 0, "mail": 0}
        self.started = time.process_time()

    def fate(self) -> str:
        """Draw what happens to the next request."""
        drawn = self.random.random()
        if drawn >= self.faults:
            return "answered"
        return "refused" if drawn < self.faults / 2 else "lost"

    def accept(self, service: str, people: list[str]) -> None:
        """Note who got one more."""
        self.got[service].update(people)
        self.last[service] = time.time()

    def report(self) -> dict[str, Any]:
        """Give the counts."""
        told: dict[str, Any] = {"cpu_s": round(time.process_time() - self.started, 2)}
        for service, got in self.got.items():
            told[service] = {
                "people": len(got),
                "doubled": sum(got.values()) - len(got),
                "last": self.last[service],
                "lost_answers": self.lost_answers[service],
            }
        return told


class Line(asyncio.Protocol):
    """The multicast and push endpoints over HTTP/1.1."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.buffer = ledger, b""

    def connection_made(self, transport: Any) -> None:
        """Keep the way back."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self._answer(first, headers, rest[:length])

    def _answer(self, first: str, headers: dict[str, str], body: bytes) -> None:
        method, path, _ = first.split(" ", 2)
        if path == "/report":
            return self._reply(200, self.ledger.report())
        fate = self.ledger.fate() if method == "POST" and "/validate/" not in path else "answered"
        if fate == "refused":
            return self._reply(500, {})
        reply = self.ledger.line.answer(method, path, headers, body)
        if fate == "lost":
            self.ledger.lost_answers["line"] += 1
            return self.transport.close()  # type: ignore[no-any-return]
        return self._reply(*reply)

    def _reply(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        raw = json.dumps(body).encode()
        lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
        head = [
            f"HTTP/1.1 {status} .",
            "Content-Type: application/json",
            f"Content-Length: {len(raw)}",
            *lines,
        ]
        self.transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + raw)


class Mail(asyncio.Protocol):
    """A mail server that takes all it is given and keeps only the addresses."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.buffer, self.people = ledger, b"", list[str]()
        self.in_data = False

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        self.transport = transport
        transport.write(b"220 receiver\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer each whole command or mail."""
        self.buffer += data
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            piece, found, rest = self.buffer.partition(end)
            if not found:
                return
            self.buffer = rest
            if self.in_data:
                self._mail()
            else:
                self._command(piece)

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(b"250-receiver\r\n250 PIPELINING\r\n")
        elif verb == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            if verb == b"RCPT":
                self.people = [line[line.index(b"<") + 1 : line.rindex(b">")].decode()]
            self.transport.write(b"250 ok\r\n")

    def _mail(self) -> None:
        self.in_data = False
        fate = self.ledger.fate()
        if fate == "refused":
            self.transport.write(b"451 4.3.0 later\r\n")
            return
        self.ledger.accept("mail", self.people)
        if fate == "lost":
            self.ledger.lost_answers["mail"] += 1
            self.transport.close()
        else:
            self.transport.write(b"250 ok\r\n")


class Receivers:
    """A running process of doubles: where it listens and what it got."""

    def __init__(self, line_port: int, mail_port: int) -> None:
        self.line_port, self.mail_port = line_port, mail_port
        self.line_host = f"http://127.0.0.1:{line_port}"

    def report(self) -> dict[str, Any]:
        """Ask who got what."""
        with urlopen(f"{self.line_host}/report", timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
        return told


@contextlib.contextmanager
def receivers(*, faults: float = 0.0, seed: int = 0) -> Iterator[Receivers]:
    """Start the doubles, and end them after use."""
    command = [sys.executable, "-m", "benchmarks.receivers"]
    command += ["--faults", str(faults), "--seed", str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield Receivers(**json.loads(process.stdout.readline()))
        process.communicate()


async def serve(faults: float, seed: int) -> None:
    """Listen on two free ports until standard input closes."""
    ledger, loop = Ledger(faults, seed), asyncio.get_running_loop()
    line = await loop.create_server(lambda: Line(ledger), "127.0.0.1", 0)
    mail = await loop.create_server(lambda: Mail(ledger), "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (line, mail)]
    print(json.dumps({"line_port": ports[0], "mail_port": ports[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--faults", type=float, default=0.0)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    asyncio.run(serve(given.faults, given.seed))
