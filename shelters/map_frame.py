"""A Leaflet map in a page of our own, by Folium: one script, and nothing loaded from elsewhere.

Only constants pass through Folium; its popups and tooltips would run what a hostile name says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import folium

# Folium's own template forbids zooming and loads five CDNs; this one starts the map and no more.
START = """
{% macro html(this, kwargs) %}
<div class="folium-map" id="{{ this.get_name() }}"></div>
{% endmacro %}
{% macro script(this, kwargs) %}
const {{ this.get_name() }} = L.map("{{ this.get_name() }}", {
    center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }}
});
{% endmacro %}
"""
DRAW = """
{% macro script(this, kwargs) %}{{ this.code.js_code }}({{ this._parent.get_name() }},
    {{ this.data }});{% endmacro %}
"""


def framed_map(
    map_id: str, template: Path, *, data: str, center: tuple[float, float], zoom_start: int = 5
) -> folium.Map:
    """Give an empty map whose `get_root()` is its page, the same page for the same input.

    Parameters
    ----------
    map_id
        Ends the name of the map in the page.
    template
        The page without its ending: its .html, .css and .js lie beside each other. The script is
        one function of the map and its data.
    data
        JavaScript that gives the data.
    center
        lon, lat of the first view.
    """
    import folium  # late: heavy, and most commands draw no map
    from branca.element import Figure, MacroElement
    from folium.template import Template
    from folium.utilities import JsCode

    lon, lat = (float(value) for value in center)
    made = folium.Map(
        location=[lat, lon],
        zoom_start=zoom_start,
        tiles=None,
        zoom_control=False,
        maxZoom=18,
        zoomSnap=0.25,
    )
    made._id = map_id
    made.default_js, made.default_css = [], []
    made._template = Template(START)
    draw: Any = MacroElement()  # type: ignore[no-untyped-call]
    draw._template = Template(DRAW)
    draw.code, draw.data = JsCode(_text(template, ".js")), data
    made.add_child(draw)
    page: Any = Figure()
    page._template = Template(_text(template, ".html"))
    page.header._children.clear()
    page.style = _text(template, ".css")
    page.add_child(made)
    return made


def _text(template: Path, ending: str) -> str:
    return template.with_suffix(ending).read_text(encoding="utf-8")
