"""Official JMA telegrams about floods, weather warnings and typhoons, as a state in force."""

from advisory.telegrams.codes import Family
from advisory.telegrams.document import LIMIT_BYTES, TelegramError
from advisory.telegrams.gale import Gale, gale_onset
from advisory.telegrams.merge import merge
from advisory.telegrams.parse import parse_telegram
from advisory.telegrams.place import of_place
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
]
