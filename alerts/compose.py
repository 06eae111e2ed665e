"""Text of one district's message: level, who, why, what, by when, where, then issuer and time.

Public forms (line, mail, plain) never read the reasons, the head counts or the deadline of an
advice: those rest on our own forecast, which is for staff only [1]_. They say the mayor's 避難情報,
levels that gauges measured (`Observed`) and official warnings. The staff form may say everything.

.. [1] 気象業務法 第17条 (a forecast for the public needs a licence)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from advisory.types import ORDERS, Advice
from advisory.types import Warning as OfficialWarning
from alerts.glossary import sentences, term
from alerts.passages import end, known_places, what_and_where, who_and_why
from alerts.spoken import spoken_text
from alerts.staff import staff_subject, staff_text
from alerts.types import PUBLIC_FORMS, STAFF_FORM, Message, Observed
from alerts.urgent import LANGUAGE, urgent_body, urgent_title
from alerts.wording import clean, district_name, jst

SUBJECT_MAX = 60  # characters a lock screen shows
LINE_TEXT_MAX = 5000
MESSAGES = UUID("6f1d6b0e-6a0a-5f0e-9b86-0d0c7a1b4e55")  # name space of message ids, our own


def compose(
    advice: Advice,
    *,
    form: str,
    city_name: str,
    expires: datetime,
    drill: bool,
    language: str = "ja",
    river_names: Sequence[str] = (),
    observed: Sequence[Observed] = (),
    warnings: Sequence[OfficialWarning] = (),
    open_shelters: Collection[str] | None = None,
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
    observed, warnings
        Measured levels and official warnings that concern this district. [m above gauge zero]
    open_shelters
        Ids of shelters known to be open; None = not known, and the text says so.
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
    words = words_of(advice, language, city_name, river_names, expires)
    shelters = known_places(advice, open_shelters)
    level, simulated = int(advice.level), bool(notes)
    if form == "urgent":
        body = urgent_body(start, words, level=level, shelters=shelters, simulated=simulated)
        return _message(advice, language, form, urgent_title(start, words), body)
    subject = _subject(start, words, language)
    note = sentences(language)["drill_note"] if drill else ""
    if form == "spoken":
        rising = any(fact.rising for fact in observed)
        script = spoken_text(
            words, language, level=level, rising=rising, shelters=shelters, drill_note=note,
            simulated=simulated,
        )  # fmt: skip
        return _message(advice, language, form, subject, start + script)
    lines = [
        start + sentences(language)[f"level_{level}"]["headline"].format(**words),
        *([note] if note else []),
        *who_and_why(words, advice, language, observed=observed, warnings=warnings),
        *what_and_where(words, advice, language, open_shelters=open_shelters),
        *end(words, language, notes),
    ]
    return _message(advice, language, form, subject, "\n".join(lines))


def _check(form: str, language: str, issued_at: datetime, expires: datetime) -> None:
    known = sorted((*PUBLIC_FORMS, STAFF_FORM))
    if form not in known:
        raise ValueError(f"form must be one of {known}, got {form!r}.")
    if form == "urgent" and language != LANGUAGE:
        raise ValueError(f"an emergency mail is written in {LANGUAGE} only, got {language!r}.")
    for name, moment in (("issued_at", issued_at), ("expires", expires)):
        if moment.tzinfo is None:
            raise ValueError(f"{name} must be aware (with a zone), got {moment.isoformat()}.")


def words_of(
    advice: Advice, language: str, city_name: str, river_names: Sequence[str], expires: datetime
) -> dict[str, str]:
    """Give what the templates of one district name. Times are of Japan."""
    said = sentences(language)
    rivers = "・".join(dict.fromkeys(clean(name) for name in river_names if name.strip()))
    return {
        "level": term(f"level_{int(advice.level)}", language),
        "order": term(f"order_{int(advice.level)}", language),
        "official": ORDERS[advice.level],
        "district": district_name(advice.name, language),
        "city": clean(city_name),
        "rivers": rivers or said["river_unnamed"],
        "river_unnamed": said["river_unnamed"],
        "hazard": said["hazard"].format(rivers=rivers) if rivers else said["hazard_unnamed"],
        "issued": jst(advice.issued_at, day=True, language=language),
        "expires": jst(expires, day=True, language=language),
    }


def _subject(start: str, words: dict[str, str], language: str) -> str:
    """Give the fullest subject that fits; level and district are in every one."""
    said = sentences(language)
    unnamed = {**words, "hazard": said["hazard_unnamed"]}
    forms = (
        ("subject", words), ("subject", unnamed), ("subject_plain", words), ("subject_short", words)
    )  # fmt: skip
    for form, filled in forms:
        subject = start + said[form].format(**filled)
        if len(subject) <= SUBJECT_MAX:
            return str(subject)
    return f"{subject[: SUBJECT_MAX - 1]}…"


def _message(advice: Advice, language: str, form: str, subject: str, text: str) -> Message:
    body = _line_body(text) if form == "line" else f"{text.rstrip()}\n".encode()
    draft = Message("", advice.district_id, language, form, subject, body)
    name = f"{advice.district_id}/{advice.digest}/{language}/{form}/{draft.sha256}"
    return replace(draft, message_id=str(uuid5(MESSAGES, name)))


def _line_body(text: str) -> bytes:
    if len(text) > LINE_TEXT_MAX:
        raise ValueError(
            f"a LINE text must have <= {LINE_TEXT_MAX} characters, got {len(text)}. "
            "Shorten the notes or names of this city."
        )
    from linebot.v3.messaging import TextMessage

    messages = [TextMessage(text=text).to_dict()]
    return json.dumps(messages, ensure_ascii=False, separators=(",", ":")).encode()
