"""Approving a stored run: what each segment would read, and the decision that lets it leave.

`preview` and `approve` are what the console and the command line call. People come from the
registry, or from a CSV that names them by district and channel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine

from advisory.types import ORDERS, Advice, Level
from alerts import outbox
from alerts.channels import CHANNELS
from alerts.channels.cap import FEED, CapChannel
from alerts.channels.webhook import WebhookChannel
from alerts.recipients import Count, counts
from alerts.segments import Segment, read_segments
from alerts.types import CAP_FORM, EVERYBODY, PUBLIC_FORMS, Audience, Message
from kawamori.drafts import Links
from kawamori.recipient_list import Recipients, read_recipients
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import read_record
from kawamori.stored_run import run_of
from kawamori.telling import Kind, Telling, key_of, own_drafts, texts_of

KEY_LIFE = timedelta(hours=23)  # LINE knows a retry key for 24 h: nothing may be tried later
HOME_LANGUAGE = "ja"
AGAIN = UUID("c9b1f5f4-6a0b-5b8e-9a55-4d1e7f0c2b63")  # name space of our own
SHOWN = ("plain",)  # forms that nobody is sent: pages show them in every language


@dataclass(frozen=True)
class Planned:
    """One text as it would leave, and how many addresses it would go to."""

    district_id: str
    name: str  # of the district
    level: Level
    channel: str | None  # None = nobody is sent it: loudspeakers and pages
    people: int
    message: Message

    @property
    def language(self) -> str:
        """Give the language of the text."""
        return self.message.language

    @property
    def household(self) -> str:
        """Give the kind of household it is for."""
        return self.message.household

    @property
    def sha256(self) -> str:
        """Give the digest that an approval is bound to."""
        return self.message.sha256


@dataclass(frozen=True)
class Approved:
    """What was approved for one district."""

    approval_id: str
    district_id: str
    name: str
    level: Level
    people: int
    texts: int


def preview(
    engine: Engine,
    record: Mapping[str, Any],
    settings: Settings,
    *,
    district_ids: Collection[str] | None = None,
    finish_by: datetime | None = None,
) -> list[Planned]:
    """Give every text that would go to somebody in the registry, district by district.

    Where an order stands already, or a deadline is named, the texts that nobody is sent read
    otherwise than the drafts of the run: they follow, without a channel.

    Parameters
    ----------
    record
        run.json of a stored run (`kawamori.stored.read_record`).
    district_ids
        None = every district with an order.
    finish_by
        The time the mayor names for being out.
    """
    run = run_of(record)
    chosen = _chosen(run, district_ids)
    with engine.connect() as connection:
        found = [
            each
            for each in counts(connection, district_ids=[one.district_id for one in chosen])
            if each.channel in CHANNELS
        ]
        tellings = [Telling.of(connection, run, advice, finish_by) for advice in chosen]
    plans: list[Planned] = []
    for advice, telling in zip(chosen, tellings, strict=True):
        here = [each for each in found if each.district_id == advice.district_id]
        texts = texts_of(run, advice, (_kind(each) for each in here), links_of(settings), telling)
        rows: list[tuple[str | None, int, Message]]
        rows = [(each.channel, each.people, texts[_kind(each)]) for each in here]
        if telling != Telling():
            own = own_drafts(run, advice, PUBLIC_FORMS, links_of(settings), telling)
            rows += [(None, 0, text) for kind, text in own.items() if kind not in texts]
        plans += [Planned(advice.district_id, advice.name, advice.level, *row) for row in rows]
    return plans


def approve(
    engine: Engine,
    record: Mapping[str, Any],
    settings: Settings,
    *,
    district_ids: Collection[str] | None = None,
    officer: str,
    second: str | None = None,
    at: datetime,
    seen: Collection[str] | None = None,
    recipients: Recipients | None = None,
    finish_by: datetime | None = None,
) -> list[Approved]:
    """Approve districts of a stored run in one transaction of their own (see `approve_in`)."""
    with engine.begin() as connection:
        return approve_in(
            connection, record, settings, district_ids=district_ids, officer=officer,
            second=second, at=at, seen=seen, recipients=recipients, finish_by=finish_by,
        )  # fmt: skip


def approve_in(
    connection: Connection,
    record: Mapping[str, Any],
    settings: Settings,
    *,
    district_ids: Collection[str] | None = None,
    officer: str,
    second: str | None = None,
    at: datetime,
    seen: Collection[str] | None = None,
    recipients: Recipients | None = None,
    edits: Sequence[Message] = (),
    again: str = "",
    finish_by: datetime | None = None,
) -> list[Approved]:
    """Approve districts of a stored run in the caller's transaction: either every one or none.

    Parameters
    ----------
    district_ids
        None = every district with an order (and, with `recipients`, with people in it).
    seen
        The sha256 of the texts the officer was shown; a text that is not among them forbids the
        approval. None = not checked.
    recipients
        People by district and channel instead of the registry; they read Japanese.
    edits
        Texts that officers wrote instead of the drafts of the same district and kind.
    again
        Names a new approval after a cancelled one: its texts and batches get ids of their own.
    finish_by
        The time the mayor names for being out; the texts say it. None = none is named.

    Raises
    ------
    ValueError
        Naming everything that forbids it; nothing is written then.
    """
    run = run_of(record)
    _check_drafts(record, run)
    chosen = _chosen(run, district_ids)
    _check_finish_by(finish_by, chosen, at)
    if recipients is not None and district_ids is None:
        listed = {district_id for district_id, _ in recipients}
        chosen = [advice for advice in chosen if advice.district_id in listed]
    segments = (
        read_segments(connection, [one.district_id for one in chosen])
        if recipients is None
        else [Segment(d, HOME_LANGUAGE, EVERYBODY, c, p) for (d, c), p in recipients.items()]
    )
    languages = _languages(connection, settings)
    forms = (*PUBLIC_FORMS, CAP_FORM) if settings.cap_sender else PUBLIC_FORMS
    decision = _Decision(
        connection, run, languages, (officer, second), at, seen, forms, settings.webhook_urls,
        edits, again, links_of(settings), finish_by,
    )  # fmt: skip
    return [decision.approve(advice, segments) for advice in chosen]


def approve_run(
    run_id: str,
    settings: Settings,
    *,
    officer: str,
    second: str | None,
    recipients: Path | None = None,
    finish_by: datetime | None = None,
) -> Iterator[str]:
    """Approve every district with an order of a stored run; say what was approved.

    Raises
    ------
    ValueError
        If no complete run has that id, or a district may not be approved.
    """
    people = None if recipients is None else read_recipients(recipients)
    with opened_store(settings.store_url) as engine:
        done = approve(
            engine, read_record(engine, run_id), settings, officer=officer, second=second,
            at=datetime.now(UTC), recipients=people, finish_by=finish_by,
        )  # fmt: skip
    for each in done:
        yield f"{each.name}: {ORDERS[each.level]}, {each.people} recipients, {each.texts} texts"


def _chosen(run: Run, district_ids: Collection[str] | None) -> list[Advice]:
    """Give the advice to approve; a named district without an order is an error."""
    ordered = [advice for advice in run.advice if advice.level in ORDERS]
    if district_ids is None:
        return ordered
    unknown = sorted(set(district_ids) - {advice.district_id for advice in ordered})
    if unknown:
        raise ValueError(
            f"district_ids must have an order in run {run.run_id}, got {unknown}. "
            f"Those with one: {[advice.district_id for advice in ordered]}"
        )
    return [advice for advice in ordered if advice.district_id in set(district_ids)]


@dataclass(frozen=True)
class _Decision:
    """What is the same for every district of one approval."""

    connection: Connection
    run: Run
    languages: Collection[str]
    officers: tuple[str, str | None]
    at: datetime
    seen: Collection[str] | None
    forms: Collection[str]  # of the run's own drafts: texts, and CAP where there is a feed
    partners: tuple[str, ...]  # addresses of webhooks
    edits: Sequence[Message]  # stand for drafts of the same district and kind
    again: str  # "" = the first approval of these texts
    links: Links
    finish_by: datetime | None

    def approve(self, advice: Advice, segments: Sequence[Segment]) -> Approved:
        """Freeze the texts and people of one district."""
        here = [
            each
            for each in segments
            if each.district_id == advice.district_id and each.channel in CHANNELS
        ]
        telling = Telling.of(self.connection, self.run, advice, self.finish_by)
        drafted = texts_of(self.run, advice, map(_kind, here), self.links, telling)
        edited = {
            key_of(each): each for each in self.edits if each.district_id == advice.district_id
        }
        texts = {kind: edited.get(kind, text) for kind, text in drafted.items()}
        _check_seen(advice, texts, self.seen)
        messages = list(map(self._fresh, self._messages(advice, {**texts, **edited}, telling)))
        feeds = [
            Audience(CapChannel.name, CAP_FORM, (FEED,)) for one in messages if one.form == CAP_FORM
        ]
        if self.partners:
            feeds.append(Audience(WebhookChannel.name, WebhookChannel.form, self.partners))
        approval_id = outbox.approve(
            self.connection,
            run_id=self.run.run_id,
            advice=advice,
            messages=messages,
            audiences=[
                *feeds,
                *(
                    Audience(each.channel, form, each.recipients, language, household)
                    for each in here
                    for form, language, household in [_kind(each)]
                ),
            ],
            first=self.officers[0],
            second=self.officers[1],
            at=self.at,
            expires=min(advice.valid_until, self.at + KEY_LIFE),
            drill=self.run.drill,
            city_id=self.run.city.city_id,
            occasion=telling.occasion,
            finish_by=telling.finish_by,
        )
        people = sum(len(set(each.recipients)) for each in here)
        return Approved(
            approval_id, advice.district_id, advice.name, advice.level, people, len(texts)
        )

    def _fresh(self, message: Message) -> Message:
        if not self.again:
            return message
        return replace(message, message_id=str(uuid5(AGAIN, f"{self.again}/{message.message_id}")))

    def _messages(
        self, advice: Advice, texts: Mapping[Kind, Message], telling: Telling
    ) -> list[Message]:
        """Give the texts with people, the run's own drafts, and what pages and radio say."""
        shown = ((form, each, EVERYBODY) for form in SHOWN for each in self.languages)
        own = own_drafts(self.run, advice, self.forms, self.links, telling)
        shown_texts = texts_of(self.run, advice, shown, self.links, telling)
        return list({**shown_texts, **own, **texts}.values())


def links_of(settings: Settings) -> Links:
    """Give the addresses that texts may lead to."""
    return Links(settings.district_map_url, settings.district_picture_url)


def _check_finish_by(finish_by: datetime | None, chosen: Sequence[Advice], at: datetime) -> None:
    """Refuse a time that has passed or lies after an order; at level 5 no text names one."""
    if finish_by is None:
        return
    if not at < finish_by:
        raise ValueError(f"finish_by must lie after {at.isoformat()}, got {finish_by.isoformat()}.")
    late = [
        f"{one.name} ({one.valid_until.isoformat()})"
        for one in chosen
        if one.level < Level.EMERGENCY and finish_by > one.valid_until
    ]
    if late:
        raise ValueError(
            f"finish_by must lie within the validity of each order, got {finish_by.isoformat()}, "
            f"after that of {late}. Name an earlier time."
        )


def _check_drafts(record: Mapping[str, Any], run: Run) -> None:
    told = {row["message_id"]: row["sha256"] for row in record["messages"]}
    changed = [each.message_id for each in run.messages if told[each.message_id] != each.sha256]
    if changed:
        raise ValueError(
            f"messages {changed} must read as they were drafted, their sha256 differs. "
            "Compute the run again."
        )


def _check_seen(
    advice: Advice, texts: Mapping[Kind, Message], seen: Collection[str] | None
) -> None:
    if seen is None:
        return
    unseen = ["/".join(kind) for kind, text in texts.items() if text.sha256 not in seen]
    if unseen:
        raise ValueError(
            f"{advice.name} cannot be approved: texts {unseen} are not those that were shown. "
            "Look at the preview again."
        )


def _languages(connection: Connection, settings: Settings) -> list[str]:
    """Give the languages that the registry or the settings name."""
    named = {each.language for each in counts(connection)}
    return sorted({HOME_LANGUAGE, *settings.languages, *named})


def _kind(each: Count | Segment) -> Kind:
    return CHANNELS[each.channel].form, each.language, each.household
