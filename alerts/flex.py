"""LINE: one bubble a message, the same lines as the plain text, made with the SDK's models.

The header carries the level as a number and in words, in the colour of the level [1]_ with an
outline, because colours alone do not tell neighbouring levels apart. A picture and a button only
lead to shelters, so they are left out wherever no shelter may be named.

.. [1] 内閣府 避難情報に関するガイドライン: colours of the levels; text on level 3 is black, because
   white has a contrast of 3.8 only
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

ALT_TEXT_MAX = 60  # characters a lock screen shows; LINE takes more
BUBBLE_MAX = 30_000  # bytes of one bubble
URL_MAX = 1_000  # characters of a link
LABEL = re.compile(r"^(【[^】]*】|\[[^\]]*\])")
INK, PAPER, QUIET = "#000000", "#FFFFFF", "#555555"
COLOURS = {3: ("#FF2800", INK), 4: ("#AA00AA", PAPER), 5: ("#0C000C", PAPER)}  # ground, text
CALM = (PAPER, INK)  # an order that ended


@dataclass(frozen=True)
class Bubble:
    """What one bubble shows."""

    alt_text: str
    level: int | None  # None = the order ended: no colour, no number
    headline: str
    lines: Sequence[str]
    end: Sequence[str]  # in small letters
    map_url: str = ""  # https; "" = no button
    map_label: str = ""
    picture_url: str = ""  # https; "" = no picture

    def body(self) -> bytes:
        """Give the message objects as they travel.

        Raises
        ------
        ValueError
            If it is longer than LINE takes, or an address is not one LINE follows.
        """
        for name, url in (("map_url", self.map_url), ("picture_url", self.picture_url)):
            if url and not (url.startswith("https://") and len(url) <= URL_MAX):
                raise ValueError(
                    f"{name} must begin with https:// and have <= {URL_MAX} characters, "
                    f"got {len(url)}. Correct the public address in the settings."
                )
        body = json.dumps([self._message()], ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > BUBBLE_MAX:
            raise ValueError(
                f"a LINE bubble must have <= {BUBBLE_MAX} bytes, got {len(body)}. "
                "Shorten the notes or names of this city."
            )
        return body

    def _message(self) -> dict[str, Any]:
        from linebot.v3.messaging import FlexBlockStyle, FlexBubble, FlexBubbleStyles, FlexMessage

        ground, ink = COLOURS[self.level] if self.level else CALM
        bubble = FlexBubble(
            size="giga",
            styles=FlexBubbleStyles(header=FlexBlockStyle(backgroundColor=ground)),
            header=_header(self.headline, self.level, ground, ink),
            hero=_picture(self.picture_url),
            body=_column([*map(_line, self.lines), _rule(), *map(_small, self.end)]),
            footer=_button(self.map_url, self.map_label),
        )
        made: dict[str, Any] = FlexMessage(altText=self.alt_text, contents=bubble).to_dict()
        return made


def read_text(body: bytes) -> str:
    """Give the lines of LINE message objects in the order people read them.

    Raises
    ------
    ValueError
        If it is no list of texts and bubbles.
    """
    try:
        return "\n".join(line for item in message_objects(body) for line in _said(item))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"body must be a list of LINE texts and bubbles, got {type(error).__name__}."
        ) from error


def message_objects(body: bytes) -> list[Any]:
    """Give the message objects of a body; ValueError if it is no list."""
    items = json.loads(body)
    if not isinstance(items, list):
        raise ValueError(
            f"body must be a list of LINE texts and bubbles, got {type(items).__name__}."
        )
    return items


def _said(item: dict[str, Any]) -> Iterator[str]:
    if item["type"] == "text":
        yield item["text"]
        return
    bubble = item["contents"]
    yield bubble["header"]["contents"][-1]["text"]  # before it stands the number alone
    for part in bubble["body"]["contents"]:
        if part["type"] == "text":
            yield part.get("text") or "".join(span["text"] for span in part["contents"])


def _header(headline: str, level: int | None, ground: str, ink: str) -> Any:
    from linebot.v3.messaging import FlexBox, FlexText

    words = FlexText(
        text=headline,
        size="xl",
        weight="bold",
        color=ink,
        wrap=True,
        scaling=True,
        gravity="center",
    )
    if level is None:
        return FlexBox(layout="horizontal", contents=[words])
    number = FlexBox(
        layout="vertical",
        contents=[FlexText(text=str(level), size="xxl", weight="bold", color=ink, align="center")],
        width="48px",
        height="48px",
        flex=0,
        justifyContent="center",
        borderColor=ink,
        borderWidth="2px",
        cornerRadius="8px",
        backgroundColor=ground,
    )
    return FlexBox(layout="horizontal", spacing="lg", alignItems="center", contents=[number, words])


def _line(line: str) -> Any:
    """Give one line; its label, such as 【対象】, in bold."""
    from linebot.v3.messaging import FlexSpan, FlexText

    look = {"size": "md", "color": INK, "wrap": True, "scaling": True}
    label = LABEL.match(line)
    if label is None:
        return FlexText(text=line, **look)
    rest = line[label.end() :]
    spans = [FlexSpan(text=label.group(), weight="bold")]
    spans += [FlexSpan(text=rest)] if rest else []
    return FlexText(contents=spans, margin="lg", **look)


def _small(line: str) -> Any:
    from linebot.v3.messaging import FlexText

    return FlexText(text=line, size="sm", color=QUIET, wrap=True, scaling=True)


def _rule() -> Any:
    from linebot.v3.messaging import FlexSeparator

    return FlexSeparator(margin="lg", color=QUIET)


def _column(parts: Iterable[Any]) -> Any:
    from linebot.v3.messaging import FlexBox

    return FlexBox(layout="vertical", spacing="sm", contents=list(parts))


def _picture(url: str) -> Any | None:
    from linebot.v3.messaging import FlexImage

    if not url:
        return None
    return FlexImage(url=url, size="full", aspectRatio="4:3", aspectMode="fit")


def _button(url: str, label: str) -> Any | None:
    from linebot.v3.messaging import FlexButton, URIAction

    if not url:
        return None
    action = URIAction(label=label, uri=url)
    return _column([FlexButton(style="secondary", action=action, scaling=True)])
