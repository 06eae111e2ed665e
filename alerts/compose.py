"""Text of one district's message: level, who, why, what, by when, where, then issuer and time.

Public forms (line, mail, plain) never read the reasons, the head counts or the deadline of an
advice: those rest on our own forecast, which is for staff only [1]_. They say the mayor's 避難情報,
levels that gauges measured (`Observed`) and official warnings. The staff form may say everything.

.. [1] 気象業務法 第17条 (a forecast for the public needs a licence)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from advisory.types import ORDERS, Advice
from advisory.types import Warning as OfficialWarning
from alerts.flex import Bubble
from alerts.glossary import sentences, term
from alerts.passages import end, what_and_where, who_and_why
from alerts.spoken import spoken_text
from alerts.staff import staff_subject, staff_text
from alerts.tale import Tale, tell
from alerts.types import NEW, PUBLIC_FORMS, STAFF_FORM, Hazard, Message, Observed, Occasion
from alerts.urgent import LANGUAGE, urgent_body, urgent_title

SUBJECT_MAX = 60  # characters a lock screen shows
MESSAGES = UUID("6f1d6b0e-6a0a-5f0e-9b86-0d0c7a1b4e55")  # name space of message ids, our own


def compose(
    advice: Advice,
    *,
    form: str,
    city_name: str,
    expires: datetime,
    drill: bool,
    language: str = "ja",
    hazard: Hazard = "flood",
    occasion: Occasion = NEW,
    finish_by: datetime | None = None,
    river_names: Sequence[str] = (),
    observed: Sequence[Observed] = (),
    warnings: Sequence[OfficialWarning] = (),
    open_shelters: Collection[str] | None = None,
    map_url: str = "",
    picture_url: str = "",
    notes: Sequence[str] = (),
) -> Message | None:
    """Give the message of one district, or None where citizens are told nothing.

    Parameters
    ----------
    form
        line (JSON array of LINE message objects), mail, plain, spoken (for loudspeakers), urgent
        (緊急速報メール, Japanese only), or staff.
    expires
        From then on nothing is sent; later readers are told to look for newer information.
    hazard, occasion
        What the order is for, and whether it is new, changed, lifted or withdrawn.
    finish_by
        The time the mayor names for being out; never one of our own computing.
    observed, warnings
        Measured levels and official warnings that concern this district. [m above gauge zero]
    open_shelters
        Ids of shelters known to be open; None = not known, and the text says so.
    map_url
        Public address of the district's shelter map: a link in mail and plain text, in LINE a
        button.
    picture_url
        Public address of a picture of that map, shown in LINE.
    notes
        What is simulated, assumed or a stand-in: said in the text.
    """
    _check(form, language, advice.issued_at, expires)
    start = term("drill", language) if drill else ""
    if form == STAFF_FORM:
        text = staff_text(advice, city_name=city_name, expires=expires, notes=notes)
        return _message(advice, language, form, start + staff_subject(advice), start + text)
    if advice.level not in ORDERS:
        return None
    tale = tell(
        advice, language, city_name=city_name, expires=expires, hazard=hazard, occasion=occasion,
        finish_by=finish_by, river_names=river_names, observed=observed,
        open_shelters=open_shelters,
    )  # fmt: skip
    reports = [*who_and_why(tale, observed=observed, warnings=warnings), *what_and_where(tale)]
    return _told(tale, form, start, reports, notes, map_url, picture_url)


def _told(
    tale: Tale, form: str, start: str, reports: Sequence[str], notes: Sequence[str], *links: str
) -> Message:
    """Give what the public is told in one form; links are those of the map and of its picture."""
    advice, language = tale.advice, tale.language
    note = sentences(language)["drill_note"] if start else ""
    if form == "urgent":
        body = urgent_body(start, tale, simulated=bool(notes))
        return _message(advice, language, form, urgent_title(start, tale), body)
    subject = _subject(start, tale)
    if form == "spoken":
        script = spoken_text(tale, drill_note=note, simulated=bool(notes))
        return _message(advice, language, form, subject, start + script)
    lines = [start + tale.headline, *([note] if note else []), *reports]
    if form == "line":
        bubble = _bubble(tale, subject, lines, end(tale, notes), *links)
        return _made(advice, language, form, subject, bubble.body())
    text = "\n".join([*lines, *end(tale, notes, map_url=links[0])])
    return _message(advice, language, form, subject, text)


def _check(form: str, language: str, issued_at: datetime, expires: datetime) -> None:
    known = sorted((*PUBLIC_FORMS, STAFF_FORM))
    if form not in known:
        raise ValueError(f"form must be one of {known}, got {form!r}.")
    if form == "urgent" and language != LANGUAGE:
        raise ValueError(f"an emergency mail is written in {LANGUAGE} only, got {language!r}.")
    for name, moment in (("issued_at", issued_at), ("expires", expires)):
        if moment.tzinfo is None:
            raise ValueError(f"{name} must be aware (with a zone), got {moment.isoformat()}.")


def _subject(start: str, tale: Tale) -> str:
    """Give the fullest subject that fits; level and district are in every one."""
    unnamed = {**tale.words, "hazard": tale.words["hazard_unnamed"]}
    for form in tale.passages.subjects:
        for words in (tale.words, unnamed):
            subject = start + form.format(**words)
            if len(subject) <= SUBJECT_MAX:
                return subject
    return f"{subject[: SUBJECT_MAX - 1]}…"


def _bubble(
    tale: Tale, subject: str, lines: Sequence[str], end: Sequence[str], *links: str
) -> Bubble:
    """Give the bubble of a text; map and picture only where somebody is sent to a shelter."""
    headline, *rest = lines
    map_url, picture_url = links if tale.passages.where is not None else ("", "")
    return Bubble(
        alt_text=subject,
        level=None if tale.occasion.ends else int(tale.advice.level),
        headline=headline,
        lines=[part for line in rest for part in line.split("\n")],
        end=end,
        map_url=map_url,
        map_label=sentences(tale.language)["map_button"],
        picture_url=picture_url,
    )


def _message(advice: Advice, language: str, form: str, subject: str, text: str) -> Message:
    return _made(advice, language, form, subject, f"{text.rstrip()}\n".encode())


def _made(advice: Advice, language: str, form: str, subject: str, body: bytes) -> Message:
    draft = Message("", advice.district_id, language, form, subject, body)
    name = f"{advice.district_id}/{advice.digest}/{language}/{form}/{draft.sha256}"
    return replace(draft, message_id=str(uuid5(MESSAGES, name)))
