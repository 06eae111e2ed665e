"""Damaged telegrams: never a crash, never a lower level than the whole one had."""

from __future__ import annotations

from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from advisory.levels import concern
from advisory.telegrams import Telegram, TelegramError, merge, parse_telegram
from advisory.types import Level, Warnings

pytestmark = pytest.mark.real_data

COUNT = 1000
BINS = "VPWP50"  # nothing in force in them, and slow to read: every tenth file at most


def bits(data: bytes, random: Random) -> bytes:
    """Change one to three bytes."""
    found = bytearray(data)
    for _ in range(random.randint(1, 3)):
        found[random.randrange(len(found))] = random.randrange(256)
    return bytes(found)


def cut(data: bytes, random: Random) -> bytes:
    """Lose a stretch of bytes, or the end."""
    start = random.randrange(len(data))
    return data[:start] + data[start + random.randint(1, len(data)) :]


def drop(data: bytes, random: Random) -> bytes:
    """Lose one element of the body or headline."""
    root = ElementTree.fromstring(data)
    parents = [one for one in root.iter() if len(one) and not one.tag.endswith("Report")]
    parent = random.choice(parents)
    parent.remove(random.choice(list(parent)))
    return ElementTree.tostring(root)


def blank(data: bytes, random: Random) -> bytes:
    """Replace the text of one element by another or none."""
    root = ElementTree.fromstring(data)
    texts = [one for one in root.iter() if (one.text or "").strip()]
    random.choice(texts).text = random.choice(
        ["", "？", "0", "99", random.choice(texts).text or ""]
    )
    return ElementTree.tostring(root)


MUTATIONS = (bits, cut, drop, blank)


def peaks(state: Warnings) -> dict[str, Level]:
    """Give the highest level per municipality and per section."""
    found: dict[str, Level] = {}
    for one in state.active:
        names = [one.section.name] if one.section else one.area_names
        for name in names:
            found[name] = max(found.get(name, Level.NONE), one.level, key=concern)
    return found


def worst(state: Warnings) -> float:
    return max((concern(one.level) for one in state.active), default=0.0)


def unknown(state: Warnings) -> bool:
    return any(one.level is Level.UNKNOWN for one in state.active)


@pytest.fixture(scope="module")
def whole(real_data: Path) -> list[bytes]:
    paths = sorted((real_data / "jma").glob("*.xml"))
    kept = [path for path in paths if BINS not in path.name]
    kept += [path for path in paths if BINS in path.name][:1]
    return [path.read_bytes() for path in kept]


def mutants(whole: list[bytes]) -> list[tuple[int, Telegram, Telegram | TelegramError]]:
    found: list[tuple[int, Telegram, Telegram | TelegramError]] = []
    for seed in range(COUNT):
        random = Random(seed)
        data = random.choice(whole)
        changed = random.choice(MUTATIONS)(data, random)
        try:
            found.append((seed, parse_telegram(data), parse_telegram(changed)))
        except TelegramError as error:
            found.append((seed, parse_telegram(data), error))
    return found


def test_1000_damaged_telegrams_never_crash_and_never_lower_a_level(whole: list[bytes]) -> None:
    lowered = []
    read = 0
    for seed, good, bad in mutants(whole):
        before = merge([good])
        if isinstance(bad, TelegramError):
            after = merge([good], unreadable=[(bad, good.issued_at)])
            alone = merge([], unreadable=[(bad, good.issued_at)])
        else:
            read += 1
            after, alone = merge([good, bad]), merge([bad])
        now = peaks(after)
        for name, level in peaks(before).items():
            if concern(now.get(name, Level.NONE)) < concern(level):
                lowered.append((seed, name, level, now.get(name)))
        if worst(alone) < worst(before) and not unknown(alone):
            lowered.append((seed, "alone", worst(before), worst(alone)))
    assert lowered == []
    assert read > COUNT / 4  # many are still readable, else this would prove nothing
