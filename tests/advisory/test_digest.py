"""The digest is over the content, whatever zone or missing number it is written with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from advisory.digest import digest_of
from advisory.types import Advice, Destination, Level

JST = timezone(timedelta(hours=9))


def test_digest_of_advice_is_its_own(desk: Callable[..., Advice]) -> None:
    advice = desk(7.0)
    assert advice.digest == digest_of(advice)
    assert len(advice.digest) == 64


def test_digest_ignores_itself_and_the_zone(desk: Callable[..., Advice]) -> None:
    advice = desk(7.0)
    moved = replace(advice, issued_at=advice.issued_at.astimezone(JST), digest="x")
    assert digest_of(moved) == advice.digest


def test_every_other_change_shows(desk: Callable[..., Advice]) -> None:
    advice = desk(7.0)
    changes = {
        "name": "隣町",
        "level": Level.ELDERLY,
        "issue_by": None,
        "reasons": (),
        "action": "",
    }
    digests = {digest_of(replace(advice, **{key: value})) for key, value in changes.items()}
    assert len(digests | {advice.digest}) == len(changes) + 1


def test_unknown_minutes_do_not_break_the_digest(desk: Callable[..., Advice]) -> None:
    somewhere = Destination("S1", "体育館", 3, float("nan"))
    assert len(digest_of(replace(desk(7.0), shelters=(somewhere,)))) == 64


def test_naive_time_is_refused(desk: Callable[..., Advice]) -> None:
    naive = datetime(2023, 9, 8, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        digest_of(replace(desk(7.0), issue_by=naive))
