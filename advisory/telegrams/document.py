"""Hardened reading of one XML body into a tree of elements without namespaces.

The standard library's ElementTree refuses neither a DTD nor the entities declared in one, and its
C parser offers no hook for them. So expat, on which it is built, is driven here directly: any
DOCTYPE ends the reading before an entity can be declared, which leaves no room for entity bombs
and external files; nothing is ever fetched. Size is checked before expat sees a byte; depth and
number of elements are bounded while it reads.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

LIMIT_BYTES = 10_000_000  # the largest telegram seen, VPWP50 of a prefecture, has 1.9 MB
DEPTH_MAX = 64  # telegrams nest about 15 deep
ELEMENTS_MAX = 500_000


class TelegramError(ValueError):
    """A body that cannot be used; the caller takes it as a warning in force of unknown level.

    `digest` identifies the body.
    """

    def __init__(self, message: str, digest: str = "") -> None:
        super().__init__(message)
        self.digest = digest


def digest_of(data: bytes) -> str:
    """Give the sha256 of a body."""
    return sha256(data).hexdigest()


def read_document(data: bytes, *, limit_bytes: int = LIMIT_BYTES) -> Element:
    """Give the root element; tags lose their namespace, attributes stay.

    Raises
    ------
    TelegramError
        If the body is empty, too large, not well-formed UTF-8 XML, too deep, or has a DTD.
    """
    if not 0 < len(data) <= limit_bytes:
        raise TelegramError(
            f"telegram must have 1 to {limit_bytes} bytes, got {len(data)}. Fetch it again.",
            f"size-{len(data)}",
        )
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
        root = reader.builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise TelegramError(
            f"telegram must be well-formed XML, got {error}. Fetch it again.", digest_of(data)
        ) from error
    except TelegramError as error:
        raise TelegramError(str(error), digest_of(data)) from None
    return root


class _Reader:
    """Feeds a tree builder from expat and refuses what no telegram needs."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self.depth = self.elements = 0
        self.parser = expat.ParserCreate("utf-8", "}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > DEPTH_MAX or self.elements > ELEMENTS_MAX:
            raise TelegramError(
                f"telegram must have at most {ELEMENTS_MAX} elements, {DEPTH_MAX} deep, got more. "
                "Look at the body by hand."
            )
        self.builder.start(tag.rpartition("}")[2], attributes)

    def _end(self, tag: str) -> None:
        self.depth -= 1
        self.builder.end(tag.rpartition("}")[2])

    def _refuse(self, *_: object) -> NoReturn:
        raise TelegramError("telegram must have no DTD and no entities, got one. Do not use it.")
