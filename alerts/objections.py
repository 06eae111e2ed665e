"""What forbids an approval, each fault a half sentence; none = it may be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from advisory.types import ORDERS, Advice, Level
from alerts.glossary import term
from alerts.types import CAP_FORM, EVERYBODY, HOUSEHOLDS, PUBLIC_FORMS, Audience, Message


def objections(
    advice: Advice,
    messages: Sequence[Message],
    audiences: Sequence[Audience],
    *,
    officers: tuple[str, str | None],
    drill: bool,
) -> list[str]:
    """Give everything that forbids approving these messages for these audiences."""
    by_form = {(item.form, item.language, item.household): item for item in messages}
    return [
        *officer_faults(advice.level, *officers),
        *message_faults(advice, messages, drill=drill),
        *audience_faults(audiences, by_form),
    ]


def time_faults(at: datetime, expires: datetime) -> Iterator[str]:
    """Name what is wrong with the times: both aware, expiry after approval."""
    naive = [moment.isoformat() for moment in (at, expires) if moment.tzinfo is None]
    if naive:
        yield f"times must be aware (with a zone), got {naive}"
    elif not at < expires:
        yield f"expires must be after {at.isoformat()}, got {expires.isoformat()}"


def officer_faults(level: Level, first: str, second: str | None) -> Iterator[str]:
    """Name what is wrong with level and officers: levels 4 and 5 need two different ones."""
    if level not in ORDERS:
        yield f"level must be one of {sorted(map(int, ORDERS))}, got {int(level)}"
    if not first.strip():
        yield "the approving officer must be named, got an empty name"
    alone = second is None or not second.strip() or second.strip() == first.strip()
    if level >= Level.EVACUATE and alone:
        yield f"level {int(level)} needs two different officers, got {first!r} and {second!r}"


def message_faults(advice: Advice, messages: Sequence[Message], *, drill: bool) -> Iterator[str]:
    """Name messages of another district, doubled, for staff, or of another level or drill flag."""
    if not messages:
        yield "at least one message is needed, got none"
    seen: set[tuple[str, str, str]] = set()
    for item in messages:
        if item.district_id != advice.district_id:
            yield f"message {item.message_id} is for {item.district_id}, not {advice.district_id}"
        if item.form not in (*PUBLIC_FORMS, CAP_FORM):
            yield f"form must be one of {[*PUBLIC_FORMS, CAP_FORM]}, got {item.form!r}"
        if item.household not in (EVERYBODY, *HOUSEHOLDS):
            yield f"household must be one of {list(HOUSEHOLDS)}, got {item.household!r}"
        if (item.form, item.language, item.household) in seen:
            yield f"one message per form and language, got {item.form}/{item.language} twice"
        mark = term("drill", item.language)
        marked = item.subject.startswith(mark) and mark.encode() in item.body
        if drill != marked:
            yield f"drill is {drill} but the {item.form} message reads {item.subject!r}"
        if advice.level in ORDERS and not _says(item, advice.level):
            yield f"advice is level {int(advice.level)} but the message reads {item.subject!r}"
        seen.add((item.form, item.language, item.household))


def audience_faults(
    audiences: Sequence[Audience], by_form: Mapping[tuple[str, str, str], Message]
) -> Iterator[str]:
    """Name audiences whose form is not among the messages, or that appear twice."""
    channels: set[tuple[str, str, str]] = set()
    for each in audiences:
        if (each.form, each.language, each.household) not in by_form:
            wanted = "/".join(filter(None, (each.form, each.language, each.household)))
            yield f"channel {each.channel} needs form {wanted}, not approved"
        if (each.channel, each.language, each.household) in channels:
            yield f"one audience per channel and language, got {each.channel} twice"
        channels.add((each.channel, each.language, each.household))


def _says(item: Message, level: Level) -> bool:
    """Tell whether the subject says the level or its order, and the text both."""
    said = [term(f"{kind}_{int(level)}", item.language) for kind in ("level", "order")]
    in_subject = any(word in item.subject for word in said)
    return in_subject and all(word.encode() in item.body for word in said)
