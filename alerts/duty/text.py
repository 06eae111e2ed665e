"""A staff alert as mail and as LINE messages: reason, deadline, link, map; for staff only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Any

from alerts.glossary import term
from alerts.types import STAFF_FORM, Message
from alerts.wording import brief, clean, jst

REASON_MAX = 300  # characters
INSIDE = "【職員用】"
KEEP = "自前の予測を含みます。住民へ転送しないでください(気象業務法第17条)。"
NO_DEADLINE = "なし、または不明(理由を参照)"
NO_LINK = "未設定(LINEなら「確認」と返信してください)"
POSTBACK = "ack="
LINE_TEXT_MAX = 5000


@dataclass(frozen=True)
class Links:
    """Where the links of one delivery lead, "" = not set up."""

    run: str = ""
    acknowledge: str = ""
    picture: str = ""  # of the map, for LINE's servers


def subject(alert: Mapping[str, Any]) -> str:
    """Give one line: drill mark, staff mark, what it is."""
    drill = term("drill", "ja") if alert["drill"] else ""
    return f"{drill}{INSIDE}{clean(alert['title'])}"


def lines(alert: Mapping[str, Any], delivery: Mapping[str, Any], links: Links) -> list[str]:
    """Give the text line by line. Times are of Japan."""
    deadline: datetime | None = alert["deadline"]
    districts = "、".join(clean(name) for name in alert["districts"])
    return [
        subject(alert),
        f"{clean(alert['city_name'])} 地区: {districts or '全域または地区によらない'}",
        "理由:",
        *(f"・{clean(reason)[:REASON_MAX]}" for reason in alert["reasons"]),
        f"{alert['deadline_of']}: {jst(deadline, day=True) if deadline else NO_DEADLINE}",
        f"画面: {links.run or '未設定'}",
        f"確認: {links.acknowledge or NO_LINK}",
        *_how_told(alert, delivery),
        KEEP,
        *([f"※{'／'.join(map(brief, alert['notes']))}"] if alert["notes"] else []),
    ]


def line_message(alert: Mapping[str, Any], delivery: Mapping[str, Any], links: Links) -> Message:
    """Give LINE message objects: the text with a button to acknowledge, and the map."""
    from linebot.v3.messaging import (
        ImageMessage,
        PostbackAction,
        QuickReply,
        TextMessage,
    )

    known = PostbackAction(
        label="確認しました",
        data=f"{POSTBACK}{alert['alert_id']}",
        display_text="確認しました",
    )
    text = "\n".join(lines(alert, delivery, links))[:LINE_TEXT_MAX]
    messages = []
    if links.picture:
        messages.append(
            ImageMessage(original_content_url=links.picture, preview_image_url=links.picture)
        )
    # a quick reply shows under the last message only
    messages.append(TextMessage(text=text, quick_reply=QuickReply(items=[_item(known)])))
    objects = [message.to_dict() for message in messages]
    body = json.dumps(objects, ensure_ascii=False, separators=(",", ":")).encode()
    return _message(alert, delivery, body)


def mail_message(alert: Mapping[str, Any], delivery: Mapping[str, Any], links: Links) -> Message:
    """Give the MIME entity of a mail without addresses: text, and HTML with the map inside it.

    Base64 throughout, so that no line begins with a dot.
    """
    said = lines(alert, delivery, links)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject(alert)
    mail["Auto-Submitted"] = "auto-generated"
    if alert["level"] >= 4:
        mail["Importance"] = "high"
    mail.set_content("\n".join(said) + "\n", charset="utf-8", cte="base64")
    picture: bytes | None = alert["picture"]
    mail.add_alternative(_html(said, links, picture is not None), subtype="html", cte="base64")
    if picture is not None:
        page = mail.get_payload()[1]  # type: ignore[index]
        page.add_related(  # type: ignore[union-attr]
            picture, "image", "png", cid=f"<{MAP_CID}>", filename="map.png", cte="base64"
        )
    return _message(alert, delivery, mail.as_bytes())


MAP_CID = "map@kawamori"
BUTTON = (
    "display:inline-block;padding:.7em 1em;border-radius:.3em;background:#0b4a8f;color:#fff;"
    "font-weight:bold;text-decoration:none"
)
FORMS = {"line": line_message, "email": mail_message}


def _item(action: Any) -> Any:
    from linebot.v3.messaging import QuickReplyItem

    return QuickReplyItem(action=action)


def _message(alert: Mapping[str, Any], delivery: Mapping[str, Any], body: bytes) -> Message:
    return Message(delivery["key"], "", "ja", STAFF_FORM, subject(alert), body)


def _how_told(alert: Mapping[str, Any], delivery: Mapping[str, Any]) -> list[str]:
    found = []
    if delivery["step"] > 1:
        first = jst(alert["at"], day=True)
        found.append(f"{delivery['step']}回目の連絡です。{first}から、まだだれも確認していません。")
    if delivery["off_shift"]:
        found.append("いま当番の人が名簿にいないため、名簿の順に知らせています。")
    return found


def _html(said: list[str], links: Links, picture: bool) -> str:
    """Give the text with the link as a button, and the map before what is said in small print."""
    title, *rest = said
    at = rest.index(KEEP)
    before, small = (
        "".join(f"<p{style}>{_linked(line, links)}</p>" for line in part)
        for part, style in ((rest[:at], ""), (rest[at:], ' style="font-size:.85em"'))
    )
    shown = (
        f'<p><img src="cid:{MAP_CID}" alt="避難先の地図" style="max-width:100%"></p>'
        if picture
        else ""
    )
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8"></head>'
        '<body style="font-family:sans-serif;line-height:1.5;overflow-wrap:anywhere">'
        f'<h1 style="font-size:1.2em">{escape(title)}</h1>{before}{shown}{small}</body></html>'
    )


def _linked(line: str, links: Links) -> str:
    target = escape(links.acknowledge, quote=True)
    if links.acknowledge and line.endswith(links.acknowledge):
        return f'<a href="{target}" style="{BUTTON}">確認の画面を開く</a>'
    if links.run and line.endswith(links.run):
        target = escape(links.run, quote=True)
        return f'{escape(line.removesuffix(links.run))}<a href="{target}">{escape(links.run)}</a>'
    return escape(line)
