// Draws window.kawamoriMap on a Leaflet map. Every text from data becomes a text node: nothing
// here builds HTML from strings, so no name in a list can run.
(function (map, data) {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const wide = window.matchMedia("(min-width: 45rem)").matches;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function svg(tag, attributes) {
    const made = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  }

  function text(title, lines) {
    const box = element("div", "text");
    box.append(element("b", "", title), ...lines.map((line) => element("span", "", line)));
    return box;
  }

  // Fills that can be told apart without colour: one pattern per level.
  const STROKES = {
    "-1": [["M-2,2 l4,-4 M0,10 l10,-10 M8,12 l4,-4", "#5d6770", 2.5]],
    1: [["M2,2 h1 M7,7 h1", "#14181c", 1]],
    2: [["M0,5 h10", "#14181c", 0.8]],
    3: [["M-2,2 l4,-4 M0,10 l10,-10 M8,12 l4,-4", "#000", 1.2]],
    4: [["M0,10 l10,-10 M0,0 l10,10", "#fff", 1.2]],
  };

  function patterns() {
    const holder = svg("svg", { class: "defs", "aria-hidden": "true" });
    const defs = svg("defs", {});
    data.levels.forEach((level) => {
      const pattern = svg("pattern", {
        id: "level" + level.level, width: 10, height: 10, patternUnits: "userSpaceOnUse",
      });
      pattern.append(svg("rect", { width: 10, height: 10, fill: level.fill }));
      (STROKES[level.level] || []).forEach(([d, stroke, width]) =>
        pattern.append(svg("path", { d, stroke, "stroke-width": width, fill: "none" })));
      defs.append(pattern);
    });
    holder.append(defs);
    document.body.append(holder);
  }

  const levels = new Map(data.levels.map((level) => [level.level, level]));
  const states = new Map(data.states.map((state) => [state.state, state]));
  const groups = {};
  const group = (name, shown) => (groups[name] = shown ? L.layerGroup().addTo(map) : L.layerGroup());

  function pin(place, options) {
    const icon = L.divIcon({
      className: options.className, html: options.html, iconSize: options.size || null,
    });
    const marker = L.marker([place.lat, place.lon], {
      icon, keyboard: options.keyboard !== false, zIndexOffset: options.above || 0,
    });
    marker.on("add", () => {
      const drawn = marker.getElement();
      drawn.setAttribute("aria-label", [place.name, ...place.lines].join("、"));
      if (options.keyboard === false) drawn.setAttribute("role", "img");
      if (options.paint) options.paint(drawn);
    });
    marker.bindTooltip(() => text(place.name, place.lines), { direction: "top", offset: [0, -8] });
    marker.bindPopup(() => text(place.name, place.lines), { maxWidth: 320 });
    marker.on("popupopen", () => marker.closeTooltip());
    return marker;
  }

  function paint(node, level) {
    node.style.backgroundColor = level.fill;
    node.style.color = level.ink;
    if (level.level === -1) node.classList.add("hatched");
  }

  function chip(district) {
    const level = levels.get(district.level);
    const html = element("div", "chip");
    const digit = element("i", "", level.number);
    const words = element("span");
    words.append(element("b", "", district.name), level.short);
    html.append(digit, words);
    const lines = [`レベル${level.number} ${level.word}`, ...district.lines];
    return pin({ ...district, lines }, {
      className: "holder", html, above: 1000 + 100 * level.level, paint: () => paint(digit, level),
    });
  }

  function drawDistricts() {
    const areas = group("地区の警戒レベル (助言)", true);
    data.districts.forEach((district) => {
      const level = levels.get(district.level);
      const lines = [`レベル${level.number} ${level.word}`, ...district.lines];
      L.geoJSON(district.geometry, {
        pane: "districts",
        style: {
          color: "#14181c", weight: 1.5, fillColor: `url(#level${level.level})`,
          fillOpacity: level.level === 5 ? 0.8 : 0.5, // half of black would look like UNKNOWN's grey
        },
      }).bindTooltip(() => text(district.name, lines), { sticky: true }).addTo(areas);
      chip(district).addTo(areas);
    });
  }

  function drawWater() {
    const name = data.standIn ? "浸水想定 (模式: 公式の想定ではない)" : "浸水想定区域";
    const areas = group(name, true);
    data.water.forEach((area) => {
      L.geoJSON(area.geometry, {
        pane: "water",
        style: {
          color: area.collapse ? "#7a0019" : "#1d4f91", weight: 1, fillOpacity: 0.75,
          dashArray: area.standIn && !area.collapse ? "5 4" : null, fillColor: area.fill,
        },
      }).bindTooltip(() => text(area.name, area.lines), { sticky: true }).addTo(areas);
    });
  }

  function drawGauges() {
    const all = group("水位観測所", true);
    data.gauges.forEach((gauge) => {
      const state = states.get(gauge.state);
      const lines = [state.word, ...gauge.lines];
      pin({ ...gauge, lines }, {
        className: "dot gauge", html: element("span", "", state.sign), size: [24, 24], above: 500,
        paint: (drawn) => paint(drawn, state),
      }).addTo(all);
    });
  }

  function drawShelters() {
    data.kinds.forEach((kind) => {
      const places = data.shelters.filter((place) => place.state === kind.state);
      if (!places.length) return;
      const layer = group(`避難所: ${kind.word} ${places.length}か所`, kind.shown);
      places.forEach((place) => {
        const small = kind.state === "rejected";
        pin({ ...place, lines: [kind.word, ...place.lines] }, {
          className: `dot place s-${kind.state}`, keyboard: !small, above: place.rank ? 800 : 0,
          html: element("span", "", place.rank ? String(place.rank) : kind.sign),
          size: small ? [13, 13] : place.rank ? [26, 26] : [20, 20],
        }).addTo(layer);
      });
    });
  }

  function swatch(fill) {
    const box = svg("svg", { "aria-hidden": "true" });
    box.append(svg("rect", { width: 30, height: 18, fill }));
    return box;
  }

  function dot(className, sign, state) {
    const made = element("span", "dot " + className, sign);
    if (state) paint(made, state);
    return made;
  }

  function section(box, title, rows) {
    if (!rows.length) return;
    const list = element("ul");
    rows.forEach(([mark, words]) => {
      const row = element("li");
      row.append(mark, words);
      list.append(row);
    });
    box.append(element("h2", "", title), list);
  }

  function legend() {
    const box = document.getElementById("legend");
    box.open = wide;
    section(box, "警戒レベル (本システムの助言。市の発令ではありません)", data.levels.map((level) =>
      [swatch(`url(#level${level.level})`), `${level.number} ${level.word}`]));
    const shown = new Set(data.shelters.map((place) => place.state));
    section(box, "避難所", data.kinds.filter((kind) => shown.has(kind.state)).map((kind) =>
      [dot("place s-" + kind.state, kind.sign), kind.word]));
    section(box, "水位観測所", data.gauges.length ? data.states.map((state) =>
      [dot("gauge", state.sign, state), state.word]) : []);
    const water = new Map(data.water.map((area) => [area.key, area]));
    section(box, data.standIn ? "浸水の深さ (模式)" : "浸水の深さ", [...water.keys()].sort().map(
      (key) => [swatch(water.get(key).fill), water.get(key).legend]));
    map.invalidateSize();
  }

  // From afar a city has more shelters than room for signs: they shrink to coloured squares.
  function shrink() {
    map.getContainer().classList.toggle("far", map.getZoom() < 12);
  }

  function controls() {
    map.attributionControl.setPrefix("川守 Kawamori");
    L.control.zoom({ zoomInTitle: "拡大", zoomOutTitle: "縮小" }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const switcher = L.control.layers(null, groups, { collapsed: !wide }).addTo(map).getContainer();
    const toggle = switcher.querySelector(".leaflet-control-layers-toggle");
    toggle.title = "表示するもの";
    toggle.textContent = "表示";
    map.getContainer().setAttribute("aria-label", "地図。矢印キーで移動、プラスとマイナスで拡大縮小");
    map.on("popupopen", (event) => {
      const button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (button) button.setAttribute("aria-label", "閉じる");
    });
  }

  function frame() {
    document.title = data.title;
    document.getElementById("title").textContent = data.title;
    document.getElementById("issued").textContent = data.issued;
    document.getElementById("notes").append(...data.notes.map((note) => element("li", "", note)));
    document.getElementById("credits").textContent = data.credits.join(" / ");
  }

  frame();
  patterns();
  map.createPane("districts").style.zIndex = 350;
  map.createPane("water").style.zIndex = 380;
  drawDistricts();
  drawWater();
  drawShelters();
  drawGauges();
  controls();
  legend();
  map.on("zoomend", shrink);
  if (data.bounds) map.fitBounds(data.bounds, { padding: [8, 8] });
  shrink();
  document.getElementById("failed").remove();
})
