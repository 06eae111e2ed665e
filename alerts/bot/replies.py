"""LINE message objects of the chat: one text, and buttons for what can be done next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from alerts.bot.words import phrases

TEXT_MAX = 5000
LABEL_MAX = 20
DATA_MAX = 300
BUTTONS_MAX = 13

Button = Any  # an action of the SDK
Reply = dict[str, Any]


def reply(texts: Sequence[str], buttons: Sequence[Button]) -> list[Reply]:
    """Give one message a text; the buttons stand under the last."""
    from linebot.v3.messaging import QuickReply, QuickReplyItem, TextMessage

    items = [QuickReplyItem(action=button) for button in buttons[:BUTTONS_MAX]]
    found = []
    for number, text in enumerate(texts, 1):
        last = number == len(texts) and items
        message = TextMessage(text=text[:TEXT_MAX])
        if last:
            message.quick_reply = QuickReply(items=items)
        found.append(message.to_dict())
    return found


def press(label: str, **data: str) -> Button:
    """Give a button that tells the chat `data`; what is too long for LINE is cut in the label."""
    from linebot.v3.messaging import PostbackAction

    packed = urlencode(data)
    if len(packed) > DATA_MAX:
        raise ValueError(f"data of a button must have <= {DATA_MAX} characters, got {len(packed)}.")
    shown = label[:LABEL_MAX]
    return PostbackAction(label=shown, data=packed, display_text=shown)


def send_place(language: str) -> Button:
    """Give the button that opens the map to choose a position."""
    from linebot.v3.messaging import LocationAction

    return LocationAction(label=phrases(language)["send_place"][:LABEL_MAX])


def menu(language: str) -> list[Button]:
    """Give the buttons of everything the chat can do."""
    said = phrases(language)
    return [
        send_place(language),
        *(press(said[key], do=key, lang=language) for key in ("find", "advice", "settings")),
        press(said["help"], do="help", lang=language),
    ]
