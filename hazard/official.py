"""Names of the official layers: kinds of files, and fields under whatever name an edition has.

Shapefiles and GeoJSON carry field codes (``A31a_205``), the XML form has words for the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Sub-layer number in the file name of A31a, A31b and A31 -> digit of its field codes.
SUBLAYER_DIGITS = {"10": "1", "20": "2", "30": "3", "41": "4", "42": "4"}
KIND = re.compile(r"^(A31[ab]?|A33|A40|A51)-(?:(10|20|30|41|42)-)?", re.IGNORECASE)
_CODE = re.compile(r"^a(\d\d)([ab]?)_(\d{3})$", re.IGNORECASE)
# Words of the XML form -> last digits of the field code. A33 as published; rivers [1]_.
_WORDS = {
    "A33": {"cop": "001", "coz": "002", "prc": "003", "znn": "004", "znm": "005", "ads": "006",
            "pad": "007", "cus": "008"},
    "A40": {"prefectureName": "001", "prefectureCode": "002", "classificationOfWaterDepth": "003"},
    "A51": {"prefectureName": "001", "prefectureCode": "002", "municipalityName": "003",
            "municipalityCode": "004", "classificationOfWaterDepth": "005"},
}  # fmt: skip
_RIVER_WORDS = {"riverNumber": "1", "riverName": "2"}
_LARGEST = "waterDepth"


def is_official(name: str) -> bool:
    """Tell whether a file is named as the ministry names its layers of hazard."""
    return KIND.match(name) is not None


def rename_codes(columns: Any) -> dict[str, str]:
    """Give the official spelling of field codes that a file spells otherwise (a31a_205)."""
    found = {str(name): _CODE.match(unicodedata.normalize("NFKC", str(name))) for name in columns}
    return {
        name: f"A{match[1]}{match[2].lower()}_{match[3]}" for name, match in found.items() if match
    }


def rename_words(columns: Any, file_name: str) -> dict[str, str]:
    """Give the field codes for the words of the XML form; words without a code stay."""
    match = KIND.match(file_name)
    if match is None:
        return {}
    kind, number = match[1], match[2]
    if not kind.upper().startswith("A31"):
        table = {word.lower(): code for word, code in _WORDS[kind.upper()].items()}
        return {
            name: f"{kind.upper()}_{table[name.lower()]}"
            for name in columns
            if name.lower() in table
        }
    prefix = f"A31{kind[3:].lower()}_{SUBLAYER_DIGITS.get(number, '2')}0"
    names = {name: prefix + _RIVER_WORDS[name] for name in columns if name in _RIVER_WORDS}
    rank = "5" if names else "1"  # the mesh layout names no river
    left = [name for name in columns if _may_be_rank(name)]
    wanted = [_LARGEST] if _LARGEST in left else left
    return {**names, **{name: prefix + rank for name in wanted if len(wanted) == 1}}


def _may_be_rank(name: str) -> bool:
    """Tell the word of the rank: none that tells of the river, its manager or the designation."""
    others = ("river", "manager", "prefecture", "date", "number", "notif", "rain", "bounds",
              "precipitation", "geometry", "stand_in")  # fmt: skip
    return not any(word in name.lower() for word in others)
