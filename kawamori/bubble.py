"""A LINE bubble as HTML, near enough to judge it by eye; phones differ in fonts and line breaks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from alerts.flex import message_objects

SIZES_PX = {"sm": 13, "md": 16, "lg": 18, "xl": 21, "xxl": 26}
GAPS_PX = {"sm": 4, "md": 8, "lg": 12}
WIDTH_PX = 386  # of a "giga" bubble


def bubble_html(body: bytes) -> str:
    """Give LINE message objects as HTML; everything from the message is escaped.

    Raises
    ------
    ValueError
        If it is no list of texts and bubbles.
    """
    try:
        return "".join(map(_message, message_objects(body)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"body must be a list of LINE texts and bubbles, got {type(error).__name__}."
        ) from error


def _message(item: dict[str, Any]) -> str:
    if item["type"] == "text":
        return f'<p class="line-text">{escape(item["text"])}</p>'
    bubble = item["contents"]
    ground = bubble.get("styles", {}).get("header", {}).get("backgroundColor", "#FFFFFF")
    parts = [
        f'<div style="background:{escape(ground)};padding:16px">{_part(bubble["header"])}</div>'
    ]
    if "hero" in bubble:
        url = escape(bubble["hero"]["url"])
        parts.append(f'<img src="{url}" alt="" style="width:100%;aspect-ratio:4/3">')
    parts += [
        f'<div style="padding:16px">{_part(bubble[name])}</div>'
        for name in ("body", "footer")
        if name in bubble
    ]
    title = escape(item["altText"])
    look = (
        f"width:{WIDTH_PX}px;max-width:100%;background:#fff;border:1px solid #999;"
        "border-radius:16px;overflow:hidden;line-height:1.4"
    )
    inner = "".join(parts)
    return f'<section class="line-bubble" aria-label="{title}" style="{look}">{inner}</section>'


def _part(part: dict[str, Any]) -> str:
    return PARTS[part["type"]](part)


def _box(box: dict[str, Any]) -> str:
    look = {
        "display": "flex",
        "flex-direction": "column" if box["layout"] == "vertical" else "row",
        "gap": f"{GAPS_PX.get(box.get('spacing', ''), 0)}px",
        "align-items": box.get("alignItems", "stretch"),
        "justify-content": box.get("justifyContent", "flex-start"),
        "width": box.get("width", "auto"),
        "height": box.get("height", "auto"),
        "flex-shrink": "0" if box.get("flex") == 0 else "1",
        "background": box.get("backgroundColor", "transparent"),
        "border": f"{box.get('borderWidth', '0')} solid {box.get('borderColor', 'transparent')}",
        "border-radius": box.get("cornerRadius", "0"),
        "box-sizing": "border-box",
    }
    return f'<div style="{_style(look)}">{"".join(map(_part, box["contents"]))}</div>'


def _text(text: dict[str, Any]) -> str:
    inner = escape(text["text"]) if "text" in text else "".join(map(_part, text["contents"]))
    return f'<div style="{_style(_letters(text))}">{inner}</div>'


def _span(span: dict[str, Any]) -> str:
    look = _style({"font-weight": span.get("weight", "inherit")})
    return f'<span style="{look}">{escape(span["text"])}</span>'


def _letters(text: dict[str, Any]) -> dict[str, str]:
    return {
        "font-size": f"{SIZES_PX[text.get('size', 'md')]}px",
        "font-weight": text.get("weight", "normal"),
        "color": text.get("color", "#111111"),
        "text-align": text.get("align", "start"),
        "margin-top": f"{GAPS_PX.get(text.get('margin', ''), 0)}px",
        "white-space": "pre-wrap",
        "overflow-wrap": "anywhere",
    }


def _rule(rule: dict[str, Any]) -> str:
    colour = escape(rule.get("color", "#999999"))
    return f'<hr style="border:0;border-top:1px solid {colour};margin:8px 0 0;width:100%">'


def _button(button: dict[str, Any]) -> str:
    action = button["action"]
    look = (
        "display:block;padding:12px;border-radius:8px;background:#dcdfe5;color:#111;"
        "text-align:center"
    )
    uri = escape(action["uri"])
    return f'<a href="{uri}" rel="noreferrer" style="{look}">{escape(action["label"])}</a>'


def _style(look: dict[str, str]) -> str:
    pairs: Iterable[tuple[str, str]] = look.items()
    return escape(";".join(f"{name}:{value}" for name, value in pairs))


PARTS = {"box": _box, "text": _text, "span": _span, "separator": _rule, "button": _button}
