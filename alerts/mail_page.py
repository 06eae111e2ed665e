"""The HTML side of a mail: the approved text, line by line, dressed. It says nothing of its own.

Made from the text that officers approved, so the approval holds for it too. Inline CSS and tables,
because mail programs know little else; no images, so that nothing is missing without them. Level
as number, word and outline: neighbouring level colours differ too little to carry it alone [1]_.

.. [1] Level colours of the Cabinet Office and the JMA since 2021; text on level 3 is black for
   contrast (white reaches 3.8:1 only).
"""

from __future__ import annotations

import re
from html import escape

from advisory.types import ORDERS, Level
from alerts.glossary import sentences, term

COLOURS = {  # background, text, outline
    Level.ELDERLY: ("#FF2800", "#000000", "#7A1300"),
    Level.EVACUATE: ("#AA00AA", "#FFFFFF", "#4D004D"),
    Level.EMERGENCY: ("#0C000C", "#FFFFFF", "#F2E700"),
}
ENDED = ("#FFFFFF", "#1A1A1A", "#1A1A1A")
LABEL = re.compile(r"【([^】]*)】|\[([^\]]*)\]\s*")
FONT = "font-family:'Hiragino Sans','Noto Sans CJK JP','BIZ UDPGothic',Meiryo,Arial,sans-serif"
PLAIN = "margin:0 0 4px;font-size:16px;line-height:1.6"
HEAD = "margin:14px 0 2px;font-size:14px;line-height:1.4;font-weight:bold;color:#5A5A5A"
BUTTON = (
    "display:inline-block;margin:10px 0;padding:12px 18px;background:#00489C;color:#FFFFFF;"
    "font-size:16px;font-weight:bold;text-decoration:none;border-radius:4px"
)


def mail_page(text: str, language: str) -> str:
    """Give a public text as HTML: a band of the level, then every line of the text in its order."""
    headline, *lines = text.rstrip("\n").split("\n")
    cut = _foot(lines, language)
    body, foot = (
        "\n".join(part for line in some for part in _line(line, language))
        for some in (lines[:cut], lines[cut:])
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(headline)}</title></head>\n"
        f'<body style="margin:0;padding:8px;background:#F2F4F5;color:#1A1A1A;{FONT}">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>'
        '<td align="center">\n<table role="presentation" width="100%" cellpadding="0" '
        'cellspacing="0" style="max-width:600px;background:#FFFFFF;text-align:left">\n'
        f"<tr>{_band(headline, language)}</tr>\n"
        f'<tr><td style="padding:6px 16px 12px">\n{body}\n</td></tr>\n'
        f'<tr><td style="padding:10px 16px;border-top:1px solid #C9CED3">\n{foot}\n</td></tr>\n'
        "</table>\n</td></tr></table>\n</body></html>\n"
    )


def level_of(headline: str, language: str) -> Level | None:
    """Give the level that stands in a first line, None if the order it names has ended."""
    said = sentences(language)
    if any(_reads_as(said[kind]["headline"], headline) for kind in ("lifted", "withdrawn")):
        return None
    named = (level for level in ORDERS if term(f"level_{int(level)}", language) in headline)
    return next(named, None)


def _band(headline: str, language: str) -> str:
    level = level_of(headline, language)
    ground, ink, edge = ENDED if level is None else COLOURS[level]
    number = (
        ""
        if level is None
        else f'<td width="70"><div style="width:52px;border:3px solid {ink};font-size:40px;'
        f'line-height:52px;font-weight:bold;text-align:center;color:{ink}">{int(level)}</div></td>'
    )
    return (
        f'<td style="padding:14px;background:{ground};border:4px solid {edge}">'
        '<table role="presentation" cellpadding="0" cellspacing="0"><tr>'
        f'{number}<td><h1 style="margin:0;font-size:22px;line-height:1.35;color:{ink};'
        'word-break:keep-all;overflow-wrap:anywhere">'
        f"{escape(headline).replace('、', '、<wbr>')}</h1></td></tr></table></td>"
    )


def _foot(lines: list[str], language: str) -> int:
    """Give where the foot begins: the hint for late readers, just before the issuer."""
    issuer = sentences(language)["issuer"]
    found = [number for number, line in enumerate(lines) if _reads_as(issuer, line)]
    return max(found[-1] - 1, 0) if found else len(lines)


def _line(line: str, language: str) -> list[str]:
    before, after = sentences(language)["map"].split("{url}")
    url = line.removeprefix(before).removesuffix(after)
    if line.startswith(before) and url.startswith("https://"):
        href, name = escape(url, quote=True), escape(before.rstrip(": ："))
        return [f'<p style="margin:0"><a href="{href}" style="{BUTTON}">{name}</a></p>']
    label = LABEL.match(line)
    if label is None:
        return [f'<p style="{PLAIN}">{escape(line)}</p>']
    head = f'<h2 style="{HEAD}">{escape(label[1] or label[2])}</h2>'
    rest = line[label.end() :]
    return [head, f'<p style="{PLAIN}">{escape(rest)}</p>'] if rest else [head]


def _reads_as(template: str, line: str) -> bool:
    """Tell whether a line ends as a template filled with any words does."""
    pieces = map(re.escape, re.split(r" ?\(\{official\}\)", template))
    ending = r"(?: ?\(.+?\))?".join(re.sub(r"\\{\w+\\}", ".+", piece) for piece in pieces)
    return re.search(f"{ending}$", line) is not None
