"""Approving a stored run and sending what is approved: the way from draft to people."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advisory.types import ORDERS, Advice, Level, People
from alerts.channels.line import LineChannel
from alerts.deliver import deliver
from alerts.outbox import approve
from alerts.types import PUBLIC_FORMS, Audience, Channel, Message
from kawamori.mail import mail_channel
from kawamori.settings import Settings
from kawamori.store import open_store
from kawamori.stored import read_record

FORM_OF = {"line": "line", "email": "mail"}  # which form a channel sends
COLUMNS = ("district_id", "channel", "address")
Recipients = Mapping[tuple[str, str], tuple[str, ...]]  # by district_id and channel


def approve_run(
    run_id: str, settings: Settings, *, officer: str, second: str | None, recipients: Path
) -> Iterator[str]:
    """Approve every public draft of a stored run that has recipients; say what was approved.

    All districts are approved in one transaction: either every one or none.

    Raises
    ------
    ValueError
        If no complete run has that id, it is a drill, or a district may not be approved.
    """
    engine = open_store(settings.store_url)
    record = read_record(engine, run_id)
    people = read_recipients(recipients)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        for entry in record["advice"]:
            advice = _advice(entry)
            drafts = [_message(row) for row in record["messages"] if _public(row, advice)]
            audiences = [
                Audience(channel, form, people[advice.district_id, channel])
                for channel, form in FORM_OF.items()
                if (advice.district_id, channel) in people
            ]
            if advice.level not in ORDERS or not audiences:
                continue
            approve(
                connection,
                run_id=run_id,
                advice=advice,
                messages=drafts,
                audiences=audiences,
                first=officer,
                second=second,
                at=now,
                expires=advice.valid_until,
                drill=record["drill"],
            )
            reached = sum(len(audience.recipients) for audience in audiences)
            yield f"{advice.name}: {ORDERS[advice.level]}, {reached} recipients"


def dispatch_waiting(settings: Settings) -> Iterator[str]:
    """Send every batch that is due over the channels that are set up; say what became of each."""
    channels = open_channels(settings)
    if not channels:
        raise ValueError(
            "no channel is set up. Set KAWAMORI_SMTP_HOST for mail or KAWAMORI_LINE_TOKEN for LINE."
        )
    engine = open_store(settings.store_url)
    try:
        done = deliver(engine, channels, now=datetime.now(UTC))
    finally:
        for channel in channels.values():
            channel.close()
    for each in done:
        yield f"{each.channel} {each.key}: {each.state}" + (
            f" ({each.error})" if each.error else ""
        )


def open_channels(settings: Settings) -> dict[str, Channel]:
    """Give the channels that the settings name."""
    channels: dict[str, Channel] = {}
    if settings.smtp_host:
        channels["email"] = mail_channel(settings)
    if settings.line_token.get_secret_value():
        from linebot.v3.messaging import Configuration

        token = settings.line_token.get_secret_value()
        configuration = Configuration(host=settings.line_host, access_token=token)
        channels["line"] = LineChannel(configuration, timeout_s=settings.line_timeout_s)
    return channels


def read_recipients(path: Path) -> Recipients:
    """Read the CSV of recipients; addresses never appear in an error.

    Raises
    ------
    ValueError
        Naming the missing columns, or every row with an unknown channel or an empty field.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
        columns = rows[0].keys() if rows else set()
    missing = sorted(set(COLUMNS) - set(columns))
    if missing:
        raise ValueError(f"{path.name} must have columns {list(COLUMNS)}, missing {missing}.")
    faults = [
        f"row {number}: channel must be one of {sorted(FORM_OF)} and no field empty"
        for number, row in enumerate(rows, start=2)
        if row["channel"] not in FORM_OF or not all(row[name] for name in COLUMNS)
    ]
    if faults:
        raise ValueError(f"{path.name}: " + "; ".join(faults) + ". Correct these rows.")
    people: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        people[row["district_id"], row["channel"]].append(row["address"].strip())
    return {key: tuple(addresses) for key, addresses in people.items()}


def _advice(entry: Mapping[str, Any]) -> Advice:
    """Give what an approval is bound to: reasons stay in run.json under the same digest."""
    level = Level.UNKNOWN if entry["level"] is None else Level(entry["level"])
    return Advice(
        district_id=entry["district_id"],
        name=entry["name"],
        level=level,
        issued_at=datetime.fromisoformat(entry["issued_at"]),
        issue_by=None,
        valid_until=datetime.fromisoformat(entry["valid_until"]),
        reasons=(),
        counter_evidence=(),
        people=People(),
        clearance=None,
        shelters=(),
        digest=entry["digest"],
    )


def _public(row: Mapping[str, Any], advice: Advice) -> bool:
    return row["district_id"] == advice.district_id and row["form"] in PUBLIC_FORMS


def _message(row: Mapping[str, Any]) -> Message:
    draft = Message(
        message_id=row["message_id"],
        district_id=row["district_id"],
        language=row["language"],
        form=row["form"],
        subject=row["subject"],
        body=row["body"].encode(),
    )
    if draft.sha256 != row["sha256"]:
        raise ValueError(
            f"message {draft.message_id} must read as it was drafted, its sha256 differs. "
            "Compute the run again."
        )
    return draft
