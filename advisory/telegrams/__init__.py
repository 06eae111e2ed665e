"""Official JMA telegrams about floods, weather warnings and typhoons, as a state in force.

Three pure functions, no network, no disk, no clock: `parse_telegram` reads one XML body, `merge`
gives the state that a set of telegrams describes, `of_place` what of it is for one city and its
gauges. Keep every telegram received and merge them all: order and repetition do not matter; those
that are `superseded` may be left out. Where
`parse_telegram` raises, pass its error to `merge` as `unreadable`.
"""

from advisory.telegrams.codes import Family
from advisory.telegrams.document import LIMIT_BYTES, TelegramError
from advisory.telegrams.gale import Gale, gale_onset
from advisory.telegrams.merge import merge
from advisory.telegrams.parse import parse_telegram
from advisory.telegrams.place import of_place
from advisory.telegrams.superseded import superseded
from advisory.telegrams.types import Place, Statement, Telegram

__all__ = [
    "LIMIT_BYTES",
    "Family",
    "Gale",
    "Place",
    "Statement",
    "Telegram",
    "TelegramError",
    "gale_onset",
    "merge",
    "of_place",
    "parse_telegram",
    "superseded",
]
