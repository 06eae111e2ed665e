"""What the approval page shows of a run: each district's texts, people, and what was decided."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from advisory.types import ORDERS, Advice
from alerts.edits import editable_text, read_words
from alerts.objections import message_faults
from alerts.schema import approval, attempt, outbox
from alerts.types import EVERYBODY, PUBLIC_FORMS, Message
from kawamori.approval import Planned, preview
from kawamori.console.deadlines import deadline_of, fits
from kawamori.console.differences import Part, changes
from kawamori.console.orders import Course, read_courses, told_words
from kawamori.console.proposals import Decision, decisions, edit
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import runs
from kawamori.stored_run import run_of

Kind = tuple[str, str, str, str]  # district, form, language, household


@dataclass(frozen=True)
class Text:
    """One text as a person reads it, and where it goes; no channel = shown to nobody by name."""

    message: Message
    channel: str | None
    people: int
    edited: bool
    words: str  # what a person reads; of a LINE card its parts

    @property
    def editable(self) -> bool:
        """Tell whether an officer may write it anew."""
        return editable_text(self.message) is not None


@dataclass(frozen=True)
class District:
    """One district with an order, and what may be decided about it."""

    advice: Advice
    texts: tuple[Text, ...]
    decision: Decision | None
    version: str  # digest of all that is shown: a decision on anything else is refused
    digest: str  # of texts and people alone: both officers must have seen the same
    stopped: str  # key of the reason why it cannot be approved, "" if it can
    finish_by: datetime | None = None  # that the texts name
    parts: tuple[Part, ...] = ()  # the main text against what it was without the time, or was told
    objections: tuple[str, ...] = ()  # what is wrong with the texts as they read now
    left_out: int = 0  # texts that officers wrote for another time: they do not stand

    @property
    def people(self) -> int:
        """Give how many addresses the texts go to."""
        return sum(text.people for text in self.texts)

    @property
    def reach(self) -> dict[str, int]:
        """Give how many addresses each channel has."""
        reach: Counter[str] = Counter()
        for text in self.texts:
            if text.channel is not None:
                reach[text.channel] += text.people
        return dict(sorted(reach.items()))

    @property
    def main(self) -> Text | None:
        """Give the Japanese text that reaches most people."""
        home = [text for text in self.texts if text.message.language == "ja"]
        return max(home, key=lambda text: (text.people, text.message.form == "mail"), default=None)


@dataclass(frozen=True)
class Board:
    """A run and its districts, most urgent first."""

    run: Run
    record: Mapping[str, Any]
    districts: tuple[District, ...]
    stopped: str  # key of why nothing of this run can be approved, "" if it can
    courses: Mapping[str, Course] = field(default_factory=dict)  # of orders, by district_id

    def district(self, district_id: str) -> District | None:
        """Give a district with an order, None if there is no such."""
        return next((one for one in self.districts if one.advice.district_id == district_id), None)


def read_board(
    engine: Engine,
    record: Mapping[str, Any],
    settings: Settings,
    *,
    at: datetime,
    finish_by: datetime | None = None,
) -> Board:
    """Give what may be approved of a stored run at this moment, with officers' edits in place.

    `finish_by` is the time that the texts shall name; a district whose decision waits for its
    second officer, or stands, keeps the time of that decision.
    """
    run = run_of(record)
    orders = [one for one in run.advice if one.level in ORDERS]
    with engine.connect() as connection:
        decided = decisions(connection, run.run_id, at=at)
        stopped = "superseded" if _newer(connection, run) else ""
        courses = read_courses(connection, run.city.city_id, drill=run.drill, at=at)
    until = {
        one.district_id: _deadline(one, decided.get(one.district_id), finish_by) for one in orders
    }
    planned = _planned(engine, record, settings, until)
    plain = _planned(engine, record, settings, {key: None for key in until if until[key]})
    with engine.connect() as connection:
        edits = read_edits(connection, run.run_id, until)
        left_out = _left_out(connection, run.run_id, until)
        districts = [
            _district(
                run,
                advice,
                _texts(run, advice, planned, edits),
                decision=decided.get(advice.district_id),
                stopped=stopped or _stopped(advice, until[advice.district_id], at),
                finish_by=until[advice.district_id],
                left_out=left_out[advice.district_id],
            )
            for advice in sorted(orders, key=lambda one: _urgency(run, one))
        ]
        shown = tuple(
            _compared(connection, one, plain, courses.get(one.advice.district_id, Course()))
            for one in districts
        )
    return Board(run, record, shown, stopped, courses)


def read_edits(
    connection: Connection, run_id: str, until: Mapping[str, datetime | None]
) -> dict[Kind, Message]:
    """Give the standing edits of a run, the newest of each kind.

    `until` is the time that the texts of each district name: an edit of a text that named another
    time does not stand.
    """
    query = select(edit).where(edit.c.run_id == run_id).order_by(edit.c.edit_id)
    found = (
        _message(row)
        for row in connection.execute(query)
        if row.finish_by == until.get(row.district_id)
    )
    return {kind_of(message): message for message in found}


def kind_of(message: Message) -> Kind:
    """Give what an edit stands for."""
    return message.district_id, message.form, message.language, message.household


@dataclass(frozen=True)
class Progress:
    """How far the messages of a run are: batches by district, channel and state."""

    rows: tuple[Row[Any], ...]
    dispatched_at: datetime | None  # when a worker last tried to send anything
    done: bool


def read_progress(connection: Connection, run_id: str) -> Progress:
    """Give how the delivery of a run stands."""
    of_run = approval.c.run_id == run_id
    shown = (approval.c.district_id, approval.c.approval_id, outbox.c.channel, outbox.c.state)
    query = (
        select(*shown, func.count().label("batches"), func.sum(outbox.c.accepted).label("accepted"))
        .join_from(outbox, approval, outbox.c.approval_id == approval.c.approval_id)
        .where(of_run)
        .group_by(*shown)
        .order_by(*shown)
    )
    rows = tuple(connection.execute(query))
    tried = connection.execute(select(attempt.c.at).order_by(attempt.c.attempt_id.desc()).limit(1))
    waiting = any(row.state in {"waiting", "leased"} for row in rows)
    return Progress(rows, tried.scalar(), not waiting)


def _urgency(run: Run, advice: Advice) -> tuple[int, datetime, str]:
    return -advice.level, advice.issue_by or run.issued_at, advice.district_id


def _stopped(advice: Advice, finish_by: datetime | None, at: datetime) -> str:
    """Give the key of what of its times forbids an order, "" = nothing."""
    if advice.valid_until <= at:
        return "expired"
    return "" if fits(advice, finish_by) else "deadline"


def _deadline(advice: Advice, decision: Decision | None, asked: datetime | None) -> datetime | None:
    """Give the time that the texts of a district name."""
    if decision is not None and decision.open:
        return decision.finish_by
    return deadline_of(advice, asked)


def _planned(
    engine: Engine,
    record: Mapping[str, Any],
    settings: Settings,
    until: Mapping[str, datetime | None],
) -> list[Planned]:
    """Give the preview of districts whose texts may name different times."""
    groups: defaultdict[datetime | None, list[str]] = defaultdict(list)
    for district_id, moment in until.items():
        groups[moment].append(district_id)
    return [
        planned
        for moment, ids in groups.items()
        for planned in preview(engine, record, settings, district_ids=ids, finish_by=moment)
    ]


def _left_out(
    connection: Connection, run_id: str, until: Mapping[str, datetime | None]
) -> Counter[str]:
    """Count by district the kinds of text that were written anew for another time."""
    query = select(edit).where(edit.c.run_id == run_id)
    kinds = {
        (row.district_id, row.form, row.language, row.household)
        for row in connection.execute(query)
        if row.finish_by != until.get(row.district_id)
    }
    return Counter(district_id for district_id, *_rest in kinds)


def _district(
    run: Run,
    advice: Advice,
    texts: list[Text],
    *,
    decision: Decision | None,
    stopped: str,
    finish_by: datetime | None,
    left_out: int,
) -> District:
    told = [(t.channel, t.people, t.message.form, t.message.sha256) for t in texts]
    named = None if finish_by is None else finish_by.isoformat()
    digest = _digest([run.run_id, advice.digest, told, named])
    state = None if decision is None else [decision.proposal_id, decision.state]
    approved = decision is not None and decision.state == "approved"
    why = "approved" if approved else stopped
    faults = message_faults(advice, _once(texts), drill=run.drill)
    return District(
        advice, tuple(texts), decision, _digest([digest, state]), digest, why,
        finish_by=finish_by, objections=tuple(faults), left_out=left_out,
    )  # fmt: skip


def _once(texts: Sequence[Text]) -> list[Message]:
    """Give each text once, though it may go out over more than one channel."""
    return list({kind_of(text.message): text.message for text in texts}.values())


def _compared(
    connection: Connection, district: District, plain: Sequence[Planned], course: Course
) -> District:
    """Add how the main text differs from what people were told by mistake, or from the draft."""
    main = district.main
    if main is None:
        return district
    kind, before = kind_of(main.message), None
    if course.withdrawn is not None and course.reached:
        before = told_words(connection, course.withdrawn, main.message)
    elif district.finish_by is not None:
        same = (one.message for one in plain if kind_of(one.message) == kind)
        before = next(map(read_words, same), None)
    if before is None or before == main.words:
        return district
    return replace(district, parts=tuple(changes(before, main.words)))


def _texts(
    run: Run, advice: Advice, planned: Sequence[Planned], edits: Mapping[Kind, Message]
) -> list[Text]:
    """Give the texts with people first, then the run's own drafts that nobody is sent."""
    sent = [one for one in planned if one.district_id == advice.district_id]
    used = {kind_of(one.message) for one in sent}
    own = [
        draft
        for draft in run.messages
        if draft.district_id == advice.district_id
        and draft.form in PUBLIC_FORMS
        and kind_of(draft) not in used
    ]
    rows = [(one.message, one.channel, one.people) for one in sent]
    rows += [(draft, None, 0) for draft in own]
    return [_text(edits.get(kind_of(m), m), m, channel, people) for m, channel, people in rows]


def _text(message: Message, draft: Message, channel: str | None, people: int) -> Text:
    return Text(message, channel, people, message != draft, read_words(message))


def _newer(connection: Connection, run: Run) -> bool:
    """Tell whether a newer run of this city stands, of the same kind (drill or not)."""
    newer = select(runs.c.run_id).where(
        runs.c.city_id == run.city.city_id,
        runs.c.state == "complete",
        runs.c.drill == run.drill,
        runs.c.issued_at > run.issued_at,
    )
    return connection.execute(newer.limit(1)).first() is not None


def _message(row: Row[Any]) -> Message:
    made = Message(row.message_id, row.district_id, row.language, row.form, row.subject, row.body)
    return made if row.household == EVERYBODY else replace(made, household=row.household)


def _digest(facts: object) -> str:
    return sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()
