"""Texts of one district as they read now: what stood before decides whether they tell a change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from advisory.types import Advice, Level
from alerts.schema import approval, outbox
from alerts.standing import ENDINGS, occasion_of
from alerts.types import NEW, Message, Occasion
from kawamori.drafts import Links, segment_drafts, written_anew
from kawamori.run import Run

Kind = tuple[str, str, str]  # form, language, household


@dataclass(frozen=True)
class Telling:
    """How the texts of one district tell its order: as new or as a change, until when to leave."""

    occasion: Occasion = NEW
    finish_by: datetime | None = None  # the mayor's word

    @classmethod
    def of(
        cls, connection: Connection, run: Run, advice: Advice, finish_by: datetime | None
    ) -> Telling:
        """Look up what stands for the district; at level 5 there is no time left to name.

        Where people were told an order that was then cancelled, the texts are its correction.
        """
        finish_by = None if advice.level == Level.EMERGENCY else finish_by
        mistake = _mistake(connection, run, advice)
        if mistake is not None:
            return cls(_correction(mistake, advice), finish_by)
        named: dict[str, Any] = {"city_id": run.city.city_id, "run_id": run.run_id}
        found = occasion_of(connection, advice, **named, drill=run.drill, finish_by=finish_by)
        return cls(found, finish_by)


def texts_of(
    run: Run, advice: Advice, wanted: Iterable[Kind], links: Links, telling: Telling
) -> dict[Kind, Message]:
    """Give the texts of the kinds that are wanted, by kind."""
    written = segment_drafts(
        run, advice, dict.fromkeys(wanted), links=links, occasion=telling.occasion,
        finish_by=telling.finish_by,
    )  # fmt: skip
    return {key_of(message): message for message in written}


def own_drafts(
    run: Run, advice: Advice, forms: Collection[str], links: Links, telling: Telling
) -> dict[Kind, Message]:
    """Give the run's own drafts; those that a change or a deadline makes untrue, written anew."""
    here = (one for one in run.messages if one.district_id == advice.district_id)
    drafted: Iterable[Message] = [one for one in here if one.form in forms]
    if telling != Telling():
        drafted = written_anew(
            run, advice, drafted, links=links, occasion=telling.occasion,
            finish_by=telling.finish_by,
        )  # fmt: skip
    return {key_of(message): message for message in drafted}


def key_of(message: Message) -> Kind:
    """Give what a text is one of."""
    return message.form, message.language, message.household


def _mistake(connection: Connection, run: Run, advice: Advice) -> Row[Any] | None:
    """Give the order that people were told last if it was cancelled and had reached somebody."""
    row = connection.execute(
        select(approval)
        .where(
            approval.c.city_id == run.city.city_id,
            approval.c.district_id == advice.district_id,
            approval.c.drill.is_(run.drill),
            approval.c.expires > advice.issued_at,
            or_(
                approval.c.run_id != run.run_id,
                approval.c.voided_at.is_not(None),
                approval.c.occasion.in_(ENDINGS),
            ),
        )
        .order_by(approval.c.at.desc(), approval.c.approval_id)
        .limit(1)
    ).first()
    if row is None or row.voided_at is None or row.superseded_by or row.occasion in ENDINGS:
        return None
    told = select(func.sum(outbox.c.accepted)).where(outbox.c.approval_id == row.approval_id)
    return row if connection.execute(told).scalar() else None


def _correction(mistake: Row[Any], advice: Advice) -> Occasion:
    """Give the occasion of a correction; texts carry the time of their run, which names them."""
    stays = bool(mistake.stays or mistake.level == Level.EMERGENCY)
    return Occasion(
        "corrected",
        earlier=min(mistake.at, advice.issued_at),
        stays=stays and advice.level < Level.EMERGENCY,
    )
