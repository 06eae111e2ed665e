"""Lists of people as CSV: the registry's import, and the short form that names addresses only.

Columns in any order, in English or Japanese; UTF-8 (with or without mark), UTF-16 with mark, or
CP932; commas, semicolons or tabs. A row that cannot be used is named by its number alone: no error
shows a person's data.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alerts.channels import CHANNELS
from alerts.channels.email import ADDRESS
from alerts.glossary import languages
from alerts.recipients import NEEDS, REGISTRY_CHANNELS, Person
from alerts.types import HOUSEHOLDS
from alerts.wording import JST

COLUMNS = ("district_id", "channel", "address")
Recipients = Mapping[tuple[str, str], tuple[str, ...]]  # by district_id and channel

LINE_USER = re.compile(r"U[0-9a-f]{32}")
ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig"), (b"", "cp932"))
REQUIRED = ("district_id", "language", "household", "consent_at", "consent_source")
HEADINGS = {
    "地区": "district_id", "地区id": "district_id", "district": "district_id",
    "言語": "language", "世帯": "household", "世帯区分": "household", "配慮": "needs",
    "要配慮": "needs", "同意日時": "consent_at", "同意日": "consent_at", "同意": "consent_at",
    "同意の取得元": "consent_source", "同意元": "consent_source", "取得元": "consent_source",
    "メール": "email", "メールアドレス": "email", "mail": "email", "e-mail": "email",
    "line_id": "line", "lineid": "line", "プッシュ": "webpush",
}  # fmt: skip
WORDS = {
    "一般": "general", "高齢": "elderly", "高齢者": "elderly", "高齢者等": "elderly", "車": "car",
    "日本語": "ja", "やさしい日本語": "ja-x-easy", "英語": "en", "韓国語": "ko",
    "車いす": "wheelchair", "車椅子": "wheelchair", "聴覚": "hearing", "視覚": "sight",
    "医療": "medical", "妊産婦": "pregnant", "乳幼児": "infant", "ペット": "pet",
}  # fmt: skip


@dataclass(frozen=True)
class PeopleList:
    """What a list says: its good rows, and every bad one by number with what it must be."""

    people: tuple[Person, ...]
    faults: tuple[str, ...]
    ignored: tuple[str, ...]  # headings that mean nothing here


def read_people(
    raw: bytes, *, now: datetime, districts: Mapping[str, str] | None = None
) -> PeopleList:
    """Read a list for the registry.

    Parameters
    ----------
    now
        A consent given later is a fault.
    districts
        district_id to name: a row may say either. None = any id is taken as it stands.

    Raises
    ------
    ValueError
        If the file is no such table: encoding, missing or repeated columns.
    """
    headings, rows = _table(raw)
    columns = [HEADINGS.get(each, each) for each in headings]
    missing = sorted(set(REQUIRED) - set(columns))
    twice = sorted({each for each in columns if columns.count(each) > 1})
    if missing or twice:
        raise ValueError(
            f"the list must have columns {list(REQUIRED)} and one of {list(REGISTRY_CHANNELS)}, "
            f"each once; missing {missing}, repeated {twice}."
        )
    by_name = {_plain(name): key for key, name in (districts or {}).items()}
    reader = _Rows(now, None if districts is None else {**by_name, **{k: k for k in districts}})
    people: list[Person] = []
    faults: list[str] = []
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        values = dict(zip(columns, map(_plain, cells), strict=False))
        read = reader.person(values)
        if isinstance(read, Person):
            people.append(read)
        else:
            faults.append(f"row {number}: {'; '.join(read)}")
    known = {*REQUIRED, *REGISTRY_CHANNELS, "needs"}
    ignored = tuple(each for each in columns if each and each not in known)
    return PeopleList(tuple(people), tuple(faults), ignored)


@dataclass(frozen=True)
class _Rows:
    """Reads one row after another; what is wrong is told without the value."""

    now: datetime
    districts: Mapping[str, str] | None

    def person(self, values: Mapping[str, str]) -> Person | list[str]:
        """Give the person of a row, or what is wrong with it."""
        district = values.get("district_id", "")
        if self.districts is not None:
            district = self.districts.get(district, "")
        language = _among(values.get("language", ""), languages())
        household = _among(values.get("household", ""), HOUSEHOLDS)
        needs = [_among(each, NEEDS) for each in re.split(r"[\s,;、・]+", values.get("needs", ""))]
        consent_at = _moment(values.get("consent_at", ""))
        source = values.get("consent_source", "")
        addresses = [
            (channel, read_address(channel, values[channel]))
            for channel in REGISTRY_CHANNELS
            if values.get(channel)
        ]
        checks = (
            (bool(district), "district_id must be one of the city's districts"),
            (bool(language), f"language must be one of {languages()}"),
            (bool(household), f"household must be one of {list(HOUSEHOLDS)}"),
            (None not in needs, f"needs must be some of {list(NEEDS)}"),
            (consent_at is not None, "consent_at must be a date or time such as 2026-04-01"),
            (consent_at is None or consent_at <= self.now, "consent_at must not be in the future"),
            (bool(source), "consent_source must say where the consent was given"),
            (bool(addresses), f"one of {list(REGISTRY_CHANNELS)} must be filled in"),
            *((bool(each), f"{channel} is no address of that kind") for channel, each in addresses),
        )
        faults = [said for fine, said in checks if not fine]
        if faults or consent_at is None:
            return faults
        return Person(
            district_id=district,
            language=str(language),
            household=str(household),
            consent_at=consent_at,
            consent_source=source,
            addresses=tuple((channel, str(each)) for channel, each in addresses),
            needs=tuple(sorted({each for each in needs if each})),
        )


def read_address(channel: str, text: str) -> str | None:
    """Give an address as the registry keeps it, None if it is none of that channel."""
    text = text.strip()
    if channel == "line":
        return text if LINE_USER.fullmatch(text) else None
    if channel == "email":
        return text.lower() if ADDRESS.fullmatch(text) and len(text) <= 254 else None
    try:
        endpoint = json.loads(text)["endpoint"] if text.startswith("{") else text
    except (ValueError, KeyError, TypeError):
        return None
    return text if isinstance(endpoint, str) and endpoint.startswith("https://") else None


def read_recipients(path: Path) -> Recipients:
    """Read the short form: district_id, channel, address; addresses never appear in an error.

    Raises
    ------
    ValueError
        Naming the missing columns, or every row with an unknown channel or an empty field.
    """
    headings, rows = _table(path.read_bytes())
    missing = sorted(set(COLUMNS) - set(headings))
    if missing:
        raise ValueError(f"{path.name} must have columns {list(COLUMNS)}, missing {missing}.")
    at = [headings.index(name) for name in COLUMNS]
    known = sorted(set(REGISTRY_CHANNELS) & set(CHANNELS))
    people: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    faults = []
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        district_id, channel, address = (
            cells[position].strip() if position < len(cells) else "" for position in at
        )
        if (
            channel not in REGISTRY_CHANNELS
            or channel not in CHANNELS
            or not (district_id and address)
        ):
            faults.append(f"row {number}")
        people[district_id, channel].append(address)
    if faults:
        raise ValueError(
            f"{path.name}: {', '.join(faults)} must have a channel of {known} and no field empty. "
            "Correct these rows."
        )
    return {key: tuple(addresses) for key, addresses in people.items()}


def _table(raw: bytes) -> tuple[list[str], Iterator[list[str]]]:
    """Give the headings and the rows of a table, whatever its encoding and separator."""
    text = _text(raw)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    return [_plain(each).lower() for each in next(rows, [])], rows


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        raise ValueError(
            "the list must be a table, got a cell without an end. Look for an open quote."
        ) from None


def _text(raw: bytes) -> str:
    for mark, encoding in ENCODINGS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise ValueError("the list must be UTF-8, UTF-16 or CP932 text. Save it again as CSV.")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _among(text: str, known: Sequence[str]) -> str | None:
    """Give the known word that a text means, '' for an empty one, None for an unknown one."""
    if not text:
        return ""
    word = WORDS.get(text, text).casefold()
    return next((each for each in known if each.casefold() == word), None)


def _moment(text: str) -> datetime | None:
    """Give a time; without a zone it is of Japan, without a clock the day's beginning."""
    iso = re.sub(r"^(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?", _day, text)
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=JST)


def _day(found: re.Match[str]) -> str:
    year, month, day = map(int, found.groups())
    return f"{year:04d}-{month:02d}-{day:02d}"
