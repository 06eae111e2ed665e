"""One body to one telegram: head, then what its family says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from xml.etree.ElementTree import Element

from advisory.telegrams.bins import read_bins, read_periods
from advisory.telegrams.bulletins import read_bulletin
from advisory.telegrams.codes import Family, family_of
from advisory.telegrams.document import LIMIT_BYTES, TelegramError, digest_of, read_document
from advisory.telegrams.kinds import read_statements
from advisory.telegrams.rivers import read_river
from advisory.telegrams.types import CORRECTION, DRILLS, ISSUE, WITHDRAWAL, Telegram
from advisory.telegrams.typhoons import read_typhoon
from advisory.telegrams.words import moment, prose_of, text_of

Reader = Callable[[Telegram, Element, Element], Telegram]

AHEAD_MAX = timedelta(hours=1)  # some are issued for the full hour and sent minutes before it


def parse_telegram(data: bytes, *, limit_bytes: int = LIMIT_BYTES) -> Telegram:
    """Give the telegram in an XML body.

    A telegram withdrawn (取消) has a head only. Doubts within it (unknown codes, parts at odds)
    are told in `doubts`, and raise its level rather than lower it.

    Raises
    ------
    TelegramError
        If the body is refused (size, DTD, not XML), is none of the telegrams read here, or its
        time of issue is unknown. Take it as a warning in force of unknown level.
    """
    report = read_document(data, limit_bytes=limit_bytes)
    digest = digest_of(data)
    try:
        telegram = _head(report, digest)
        if telegram.info_type == WITHDRAWAL:
            return telegram
        head, body = (_part(report, name) for name in ("Head", "Body"))
        return _READERS[telegram.family](telegram, head, body)
    except TelegramError as error:
        raise TelegramError(str(error), digest) from None


def _part(report: Element, name: str) -> Element:
    found = report.find(name)
    return Element(name) if found is None else found


def _head(report: Element, digest: str) -> Telegram:
    title = text_of(report, "Control/Title")
    family = family_of(title)
    if family is None:
        known = ", ".join(sorted(family.value for family in Family))
        raise TelegramError(
            f"Control/Title must be of {known}, got {title[:40]!r} (telegram {digest[:8]}). "
            "Fetch only these, or look at it by hand."
        )
    sent_at = moment(text_of(report, "Control/DateTime"))
    issued_at = moment(text_of(report, "Head/ReportDateTime"))
    if issued_at is None or sent_at is None or issued_at - sent_at > AHEAD_MAX:
        raise TelegramError(
            "ReportDateTime must be a time with zone, at most 1 h after Control/DateTime, got "
            f"{text_of(report, 'Head/ReportDateTime')[:40]!r} and "
            f"{text_of(report, 'Control/DateTime')[:40]!r} (telegram {digest[:8]}). "
            "Look at it by hand."
        )
    status, info_type = text_of(report, "Control/Status"), text_of(report, "Head/InfoType")
    event_id, serial = text_of(report, "Head/EventID"), text_of(report, "Head/Serial")
    doubts = []
    if status not in ("通常", *DRILLS):
        doubts.append(f"運用種別「{status[:20]}」は不明。通常として扱う")
    if info_type not in (ISSUE, CORRECTION, WITHDRAWAL):
        doubts.append(f"情報形態「{info_type[:20]}」は不明。発表として扱う")
    return Telegram(
        digest=digest,
        telegram_id=f"{family}-{issued_at:%Y%m%dT%H%MZ}-{digest[:12]}",
        family=family,
        title=title,
        head_title=text_of(report, "Head/Title"),
        status=status,
        info_type=info_type,
        event_id=event_id,
        serial=int(serial) if serial.isdecimal() and len(serial) < 9 else None,
        office=text_of(report, "Control/EditorialOffice"),
        sent_at=sent_at,
        issued_at=issued_at,
        valid_until=moment(text_of(report, "Head/ValidDateTime")),
        headline=prose_of(report, "Head/Headline/Text"),
        doubts=tuple(doubts),
    )


def _warning(telegram: Telegram, head: Element, body: Element) -> Telegram:
    statements = read_statements(telegram.family, head, body)
    return replace(telegram, statements=statements, bins=read_periods(telegram, body))


def _bins(telegram: Telegram, _: Element, body: Element) -> Telegram:
    return replace(telegram, bins=read_bins(telegram, body))


_READERS: dict[Family, Reader] = {
    Family.RIVER: read_river,
    Family.NOTIFIED: read_river,
    Family.WARNING: _warning,
    Family.OLD_WARNING: _warning,
    Family.LANDSLIDE: _warning,
    Family.BINS: _bins,
    Family.BULLETIN: read_bulletin,
    Family.TYPHOON: read_typhoon,
}
