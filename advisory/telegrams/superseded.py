"""Telegrams that say nothing any more: what they spoke of, later ones have said anew, twice."""

from __future__ import annotations

from collections.abc import Sequence

from advisory.telegrams.merge import merge, spoken
from advisory.telegrams.standing import series_of
from advisory.telegrams.types import CORRECTION, Telegram

DEPTH = 2  # newest telegrams of each line that stay: the last may yet be withdrawn


def superseded(telegrams: Sequence[Telegram]) -> list[Telegram]:
    """Give the telegrams without which `merge` gives the same state, now and with later ones.

    Of each line its newest telegram stays, and the one before, on which a withdrawal would fall
    back; of a series of which a withdrawal is unclear, all; of a kept correction, what it corrects.
    Drills never act. [] where leaving any out would change the state.
    """
    left, kept = list(telegrams), set[str]()
    for _ in range(DEPTH):
        speaking = spoken(left)
        kept |= {one.digest for one in speaking}
        left = [one for one in left if one.digest not in kept]
    whole = {series_of(one) for one in spoken(telegrams, unclear=True)}
    corrected = {
        (series_of(one), one.serial)
        for one in telegrams
        if one.digest in kept and one.info_type == CORRECTION and one.serial is not None
    }
    stays = [
        one for one in telegrams
        if one.digest in kept
        or series_of(one) in whole
        or (series_of(one), one.serial) in corrected
    ]  # fmt: skip
    if _said(stays) != _said(telegrams):
        return []
    there = {one.digest for one in stays}
    return [one for one in telegrams if one.digest not in there]


def _said(telegrams: Sequence[Telegram]) -> tuple[object, ...]:
    state = merge(telegrams)
    return state.active, state.bins, state.typhoons
