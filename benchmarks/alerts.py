"""Telling a whole city at once: `python -m benchmarks.alerts --json`.

310,000 LINE users and 100,000 mail addresses (all invented) in districts x languages, approved in
one transaction and delivered in one call, against doubles in a process of their own
(`benchmarks.receivers`). Beside it the plain way, told from a sample on the same doubles: one push
per user through the SDK, one `EmailMessage` per mail over one kept connection.
"""

from __future__ import annotations

import argparse
import json
import smtplib
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    MessagingApi,
    PushMessageRequest,
    TextMessage,
)
from sqlalchemy import Engine, create_engine

from advisory.types import Advice, Level, People
from alerts.channels.email import EmailChannel
from alerts.channels.line import LineChannel
from alerts.compose import compose
from alerts.deliver import deliver
from alerts.outbox import approve, prepare
from alerts.types import Audience, Channel, Message
from benchmarks.line_service import TOKEN
from benchmarks.machine import machine, peak_rss_mb, timed
from benchmarks.receivers import Receivers, receivers

DISTRICTS = 13
LANGUAGES = ("ja", "ja-x-easy", "en", "zh-Hans", "zh-Hant", "ko", "vi", "tl", "pt", "id")
SEGMENTS = [(number, language) for number in range(DISTRICTS) for language in LANGUAGES]
LINE_RECIPIENTS, MAILS = 310_000, 100_000
PLAIN_SAMPLE = 1_000
SENDER = "bousai@city.example"


def main() -> None:
    """Print the figures, as JSON on the last line if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, receivers() as doubles:
        figures = {"machine": machine(), **measure(Path(folder), doubles)}
    for name, value in figures.items():
        print(f"{name:18} {value}")
    if given.json:
        print(json.dumps(figures))


def measure(folder: Path, doubles: Receivers) -> dict[str, Any]:
    """Approve, deliver, count, then go the plain way."""
    engine = prepare(create_engine(f"sqlite:///{folder / 'store.sqlite'}"))
    now = datetime.now(UTC)
    drafts = {number: write(number, now) for number in range(DISTRICTS)}
    users = [f"U{number:032x}" for number in range(LINE_RECIPIENTS)]
    people = [f"resident{number}@mail.example" for number in range(MAILS)]
    enqueue = timed(lambda: enqueue_all(engine, drafts, users, people, now), "enqueue")
    channels = open_channels(doubles)
    began = time.time()
    sent = timed(lambda: deliver(engine, channels, now=now), "deliver")
    peak_mb = peak_rss_mb()
    for channel in channels.values():
        channel.close()
    engine.dispose()
    told = doubles.report()
    line_s, mail_s = (told[service]["last"] - began for service in ("line", "mail"))
    plain_line_s = push_each(doubles, users[:PLAIN_SAMPLE]) * LINE_RECIPIENTS / PLAIN_SAMPLE
    plain_mail_s = mail_each(doubles, people[:PLAIN_SAMPLE], drafts[0][1]) * MAILS / PLAIN_SAMPLE
    return {
        "line_recipients": LINE_RECIPIENTS,
        "segments": len(SEGMENTS),
        "line_s": round(line_s, 2),
        "mails": MAILS,
        "mail_s": round(mail_s, 2),
        **enqueue,
        **sent,
        "receivers_cpu_s": told["cpu_s"],
        "peak_rss_mb": peak_mb,
        "plain_line_s": round(plain_line_s, 1),
        "plain_mail_s": round(plain_mail_s, 1),
        "plain_line_ratio": round(plain_line_s / line_s, 1),
        "plain_mail_ratio": round(plain_mail_s / mail_s, 1),
        "lost": LINE_RECIPIENTS + MAILS - told["line"]["people"] - told["mail"]["people"],
        "doubled": told["line"]["doubled"] + told["mail"]["doubled"],
    }


def write(number: int, now: datetime) -> list[Message]:
    """Compose an order of one invented district in every language, as LINE text and as mail."""
    advice = order(number, now)
    until = now + timedelta(hours=2)
    written = [
        compose(
            advice, form=form, city_name="いわき市", expires=until, drill=False, language=language
        )
        for language in LANGUAGES
        for form in ("line", "mail")
    ]
    return [message for message in written if message is not None]


def order(number: int, now: datetime) -> Advice:
    """Give advice of level 4 for an invented district."""
    return Advice(
        district_id=f"district-{number}",
        name=f"第{number + 1}地区",
        level=Level.EVACUATE,
        issued_at=now,
        issue_by=None,
        valid_until=now + timedelta(hours=2),
        reasons=(),
        counter_evidence=(),
        people=People(),
        clearance=None,
        shelters=(),
        digest=f"{number:064x}",
    )


def enqueue_all(
    engine: Engine,
    drafts: dict[int, list[Message]],
    users: Sequence[str],
    people: Sequence[str],
    now: datetime,
) -> None:
    """Approve every district in one transaction, recipients spread evenly over the segments."""
    with engine.begin() as connection:
        for number, messages in drafts.items():
            audiences = [
                Audience(
                    channel, form, tuple(everyone[segment :: len(SEGMENTS)]), SEGMENTS[segment][1]
                )
                for segment in range(len(SEGMENTS))
                if SEGMENTS[segment][0] == number
                for channel, form, everyone in (("line", "line", users), ("email", "mail", people))
            ]
            approve(
                connection,
                run_id="benchmark",
                advice=order(number, now),
                messages=messages,
                audiences=audiences,
                first="第一の職員",
                second="第二の職員",
                at=now,
                expires=now + timedelta(hours=2),
                drill=False,
            )


def open_channels(doubles: Receivers) -> dict[str, Channel]:
    """Give both channels, with unsubscribe links and bounce addresses."""
    return {
        "line": LineChannel(Configuration(host=doubles.line_host, access_token=TOKEN)),
        "email": EmailChannel(
            lambda: smtplib.SMTP("127.0.0.1", doubles.mail_port, timeout=30),
            sender=SENDER,
            clock=lambda: datetime.now(UTC),
            unsubscribe=lambda address: f"https://city.example/u/{address}",
            verp=True,
        ),
    }


def push_each(doubles: Receivers, users: Sequence[str]) -> float:
    """Push to each user through the SDK. [s]"""
    with ApiClient(Configuration(host=doubles.line_host, access_token=TOKEN)) as client:
        api = MessagingApi(client)
        started = time.perf_counter()
        for user in users:
            text = TextMessage(text="警戒レベル4 避難指示")
            api.push_message(PushMessageRequest(to=user, messages=[text]))
        return time.perf_counter() - started


def mail_each(doubles: Receivers, people: Sequence[str], message: Message) -> float:
    """Build and send a mail for each address. [s]"""
    with smtplib.SMTP("127.0.0.1", doubles.mail_port, timeout=30) as client:
        started = time.perf_counter()
        for address in people:
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = SENDER, address, message.subject
            mail.set_content(message.body.decode())
            client.send_message(mail)
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
