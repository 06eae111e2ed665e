"""What differs between two texts, part by part, as a person reads it."""

from __future__ import annotations

from difflib import SequenceMatcher

Part = tuple[str, str]  # same, added or gone; the words


def changes(before: str, after: str) -> list[Part]:
    """Give two texts as parts that stayed, came and went.

    >>> changes("川は高い", "川は低い")
    [('same', '川は'), ('gone', '高'), ('added', '低'), ('same', 'い')]
    """
    parts: list[Part] = []
    for _tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[i:j] == after[k:m]:
            parts.append(("same", before[i:j]))
            continue
        parts += [(kind, told) for kind, told in
                  (("gone", before[i:j]), ("added", after[k:m])) if told]  # fmt: skip
    return parts
