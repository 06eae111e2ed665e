"""The map page: Folium with constants only; every layer comes from the API by its address.

No text of a run passes through Folium. The one script (templates/situation_map.js) puts each into
a text node, and the page's policy lets no other script run and nothing load from elsewhere.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from kawamori.console.access import needs
from kawamori.console.layers import map_facts
from kawamori.console.pages import language_of
from kawamori.console.situation_records import LATEST, Stored
from kawamori.console.texts import read_texts, teller
from kawamori.map_layers import LAYERS, times
from kawamori.map_layers_en import NAMES, english_signs
from kawamori.words import clock
from shelters.map_frame import framed_map
from shelters.maps import SCRIPT_ESCAPES
from shelters.symbols import GAUGE_STATES, LEVELS, SHELTER_STATES

TEMPLATES = Path(__file__).parent / "templates"
JAPAN = (138.0, 37.0)  # lon, lat of the first view; the bounds of the run replace it
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)
FACTS_SCRIPT = 'JSON.parse(document.getElementById("facts").textContent)'
SIGNS = {"levels": LEVELS, "states": GAUGE_STATES, "kinds": SHELTER_STATES}
NONCE, FACTS, LANGUAGE = "@nonce@", "@facts@", "@language@"
router = APIRouter()


@router.get("/map", dependencies=[Depends(needs("viewer"))])
def map_page(
    request: Request, stored: Stored, run: Annotated[str, Query(max_length=200)] = LATEST
) -> HTMLResponse:
    """Give the map of a stored run."""
    record = stored.read(run)
    seen = record.run
    facts = map_facts(record)
    language = language_of(request)
    tell, english = teller(language), language == "en"
    shown = {
        "title": ("【訓練】" if seen.drill else "") + tell("map.title", city=seen.city.name),
        "language": language,
        "words": {key.removeprefix("map."): text for key, text in read_texts(language).items()
                  if key.startswith("map.") and "{" not in text},
        "drill": seen.drill,
        "base": f"/api/v1/runs/{record.name}/layers/",
        "layers": [{"name": name, "word": NAMES[name] if english else layer.word}
                   for name, layer in LAYERS.items()],
        "times": [
            {"at": at.isoformat().replace("+00:00", "Z"), "word": clock(at)} for at in times(seen)
        ],
        "bounds": facts.get("bounds"),
        "notes": facts.get("notes", []),
        "credits": facts.get("credits", []),
        **(english_signs() if english else SIGNS),
    }  # fmt: skip
    nonce = request.state.nonce
    html = (
        map_frame()
        .replace(NONCE, nonce)
        .replace(LANGUAGE, language)
        .replace(FACTS, json.dumps(shown, ensure_ascii=False).translate(SCRIPT_ESCAPES))
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY.format(nonce=nonce)})


@cache
def map_frame() -> str:
    """Give the page, the same for every run."""
    desk = framed_map("situation", TEMPLATES / "situation_map", data=FACTS_SCRIPT, center=JAPAN)
    html: str = desk.get_root().render()
    return html
