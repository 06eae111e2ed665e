"""What the approval page shows of a run: each district's texts, people, and what was decided."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from advisory.types import ORDERS, Advice
from alerts.edits import editable_text, read_words
from alerts.schema import approval, attempt, outbox
from alerts.types import EVERYBODY, PUBLIC_FORMS, Message
from kawamori.approval import Planned, preview
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

    def district(self, district_id: str) -> District | None:
        """Give a district with an order, None if there is no such."""
        return next((one for one in self.districts if one.advice.district_id == district_id), None)


def read_board(
    engine: Engine, record: Mapping[str, Any], settings: Settings, *, at: datetime
) -> Board:
    """Give what may be approved of a stored run at this moment, with officers' edits in place."""
    run = run_of(record)
    planned = preview(engine, record, settings)
    with engine.connect() as connection:
        edits = read_edits(connection, run.run_id)
        decided = decisions(connection, run.run_id, at=at)
        stopped = "superseded" if _newer(connection, run) else ""
    ordered = sorted(
        (one for one in run.advice if one.level in ORDERS),
        key=lambda one: (-one.level, one.issue_by or run.issued_at, one.district_id),
    )
    districts = [
        _district(
            run,
            advice,
            _texts(run, advice, planned, edits),
            decision=decided.get(advice.district_id),
            stopped=stopped or ("expired" if advice.valid_until <= at else ""),
        )
        for advice in ordered
    ]
    return Board(run, record, tuple(districts), stopped)


def read_edits(connection: Connection, run_id: str) -> dict[Kind, Message]:
    """Give the standing edits of a run, the newest of each kind."""
    query = select(edit).where(edit.c.run_id == run_id).order_by(edit.c.edit_id)
    found = (_message(row) for row in connection.execute(query))
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


def _district(
    run: Run, advice: Advice, texts: list[Text], *, decision: Decision | None, stopped: str
) -> District:
    told = [(t.channel, t.people, t.message.form, t.message.sha256) for t in texts]
    digest = _digest([run.run_id, advice.digest, told])
    state = None if decision is None else [decision.proposal_id, decision.state]
    approved = decision is not None and decision.state == "approved"
    why = "approved" if approved else stopped
    return District(advice, tuple(texts), decision, _digest([digest, state]), digest, why)


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
