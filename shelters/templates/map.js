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

  // Shapes of the states, on a square of 26: house, square, circle, diamond, dot, cross, triangle.
  const SHAPES = {
    opening: "M13,1 L25,11 V25 H1 V11 Z",
    full: "M2,2 H24 V24 H2 Z",
    usable: "M13,2 A11,11 0 1 1 12.99,2 Z",
    unsure: "M13,0 L26,13 L13,26 L0,13 Z",
    unjudged: "M13,5 A8,8 0 1 1 12.99,5 Z",
    rejected: "M4,4 L22,22 M22,4 L4,22",
    stranded: "M13,1 L26,25 H0 Z",
  };
  const ROOMY = new Set(["opening", "full", "usable"]); // whose room left is written beside
  const MOST = 8; // ways told one by one in a popup
  const CASING = { color: "#fff", weight: 6, dashArray: null, opacity: 0.8 };
  const CLOSED = {
    some: { color: "#b35900", weight: 2, dashArray: "2 4", under: { ...CASING, weight: 3 } },
    all: { color: "#b3001b", weight: 2.5, dashArray: "7 3", under: { ...CASING, weight: 4 } },
    bridge: { color: "#b3001b", weight: 6, dashArray: "3 2", under: { ...CASING, weight: 9 } },
    reported: { color: "#14181c", weight: 5, dashArray: "1 5", under: { ...CASING, weight: 9 } },
  };

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
  const chosen = L.layerGroup().addTo(map);
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
    marker.bindPopup(() => text(place.name, place.lines), {
      maxWidth: 320, maxHeight: wide ? 400 : 220,
    });
    marker.on("popupopen", () => {
      marker.closeTooltip();
      showWays(place.ways || []);
    });
    marker.on("popupclose", () => showWays([]));
    return marker;
  }

  // Ways of what was chosen: a line that stands out on any ground, dashed for cars, dotted where
  // it is no road.
  function showWays(ways) {
    chosen.clearLayers();
    ways.forEach((way) => {
      const dash = !way.onRoads ? "1 9" : way.car ? "12 8" : null;
      const under = { color: "#fff", weight: 9, opacity: 0.9, interactive: false, pane: "ways" };
      const over = { ...under, color: "#00489c", weight: 5, opacity: 1, dashArray: dash };
      [under, over].forEach((style) => L.polyline(way.at, style).addTo(chosen));
      L.circleMarker(way.at[0], {
        ...over, radius: 6, weight: 3, fillColor: "#fff", fillOpacity: 1, dashArray: null,
      }).addTo(chosen);
    });
    if (ways.length) approach(L.latLngBounds(ways.flatMap((way) => way.at)));
  }

  // From afar a way is a dot: go near enough to see it.
  function approach(bounds) {
    const corners = [bounds.getSouthWest(), bounds.getNorthEast()];
    const [low, high] = corners.map((corner) => map.latLngToContainerPoint(corner));
    if (Math.max(high.x - low.x, low.y - high.y) > 160) return;
    map.fitBounds(bounds, { paddingTopLeft: [20, wide ? 220 : 240], paddingBottomRight: [20, 20] });
  }

  // Who goes: the same ways told from the shelter's side and from the district's.
  const waysOf = (side, at) => data.routes.filter((way) => way[side] === at);
  function wayLines(ways, side, names) {
    const lines = ways.slice(0, MOST).map((way) => `${names[way[side]].name} ${way.words}`);
    return ways.length > MOST ? [...lines, `ほか${ways.length - MOST}件`] : lines;
  }

  function paint(node, level) {
    node.style.backgroundColor = level.fill;
    node.style.color = level.ink;
    if (level.level === -1) node.classList.add("hatched");
  }

  function chip(district, ways) {
    const level = levels.get(district.level);
    const html = element("div", "chip");
    const digit = element("i", "", level.number);
    const words = element("span");
    words.append(element("b", "", district.name), level.short);
    html.append(digit, words);
    const sent = ways.length ? ["避難先:", ...wayLines(ways, "shelter", data.shelters)] : [];
    const lines = [`レベル${level.number} ${level.word}`, ...district.lines, ...sent];
    return pin({ ...district, lines, ways }, {
      className: "holder", html, above: 1000 + 100 * level.level, paint: () => paint(digit, level),
    });
  }

  function drawDistricts() {
    const areas = group("地区の警戒レベル (助言)", true);
    data.districts.forEach((district, at) => {
      const level = levels.get(district.level);
      const lines = [`レベル${level.number} ${level.word}`, ...district.lines];
      L.geoJSON(district.geometry, {
        pane: "districts",
        style: {
          color: "#14181c", weight: 1.5, fillColor: `url(#level${level.level})`,
          fillOpacity: level.level === 5 ? 0.8 : 0.5, // half of black would look like UNKNOWN's grey
        },
      }).bindTooltip(() => text(district.name, lines), { sticky: true }).addTo(areas);
      chip(district, waysOf("district", at)).addTo(areas);
    });
  }

  function drawWater() {
    const name = data.standIn ? "浸水想定 (模式: 公式の想定ではない)" : "浸水想定区域";
    drawAreas(group(name, true), data.water);
    data.others.forEach((other) => drawAreas(group(other.name, other.shown), other.areas));
  }

  function drawAreas(areas, drawn) {
    drawn.forEach((area) => {
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

  // The sign of a shelter: its own shape, fill and word or number for every state.
  function sign(state, words) {
    const drawn = svg("svg", { viewBox: "0 0 26 26", "aria-hidden": "true" });
    const label = svg("text", { x: 13, y: state === "opening" ? 19.5 : 17.5 });
    label.textContent = words;
    drawn.append(svg("path", { d: SHAPES[state] }), label);
    return drawn;
  }

  function drawShelters() {
    const places = data.shelters.map((place, at) => ({ ...place, ways: waysOf("shelter", at) }));
    data.kinds.forEach((kind) => {
      const some = places.filter((place) => place.state === kind.state);
      if (!some.length) return;
      const layer = group(`避難所: ${kind.word} ${some.length}か所`, kind.shown);
      some.forEach((place) => {
        const small = kind.state === "rejected";
        const html = element("div");
        html.append(sign(kind.state, place.rank && kind.state === "opening" ?
          String(place.rank) : kind.sign));
        if (ROOMY.has(kind.state)) html.append(element("span", "room", place.room));
        const from = wayLines(place.ways, "district", data.districts);
        const room = ROOMY.has(kind.state) ? [place.room] : [];
        pin({ ...place, lines: [kind.word, ...room, ...place.lines, ...from] }, {
          className: `place s-${kind.state}`, keyboard: !small, above: place.rank ? 800 : 0, html,
          size: small ? [14, 14] : place.rank ? [30, 30] : [22, 22],
        }).addTo(layer);
      });
    });
  }

  function drawRoads() {
    if (!data.roads) return;
    const style = { color: "#6b757e", weight: 1, opacity: 0.7, interactive: false };
    L.geoJSON(data.roads, { pane: "closed", interactive: false, style })
      .addTo(group("主な道路", true));
  }

  function drawClosed() {
    if (!data.closed.length) return;
    const layer = group("通れない道路・橋", true);
    data.closed.forEach((roads) => {
      const style = CLOSED[roads.key];
      [{ ...style, ...style.under }, style].forEach((one) => L.geoJSON(roads.geometry, {
        pane: "closed", style: one,
      }).bindTooltip(() => text(roads.name, [`全体で${roads.count}区間`]), { sticky: true })
        .addTo(layer));
    });
  }

  function drawStranded() {
    placeStranded("避難困難 (いまの予測)", data.stranded, true);
    data.outOfReach.forEach((flood) =>
      placeStranded(`避難困難地域 ${flood.name}`, flood.places, false));
  }

  function placeStranded(name, places, shown) {
    if (!places.length) return;
    const people = places.reduce((sum, place) => sum + place.people, 0);
    const layer = group(`${name} ${people.toLocaleString("ja")}人 (${places.length}か所)`, shown);
    places.forEach((place) => {
      const html = element("div");
      html.append(sign("stranded", "困"));
      const side = 14 + 10 * Math.min(1, Math.sqrt(place.people / 1000));
      pin({ ...place, lines: ["時間内に使える避難所へ行けない", ...place.lines] }, {
        className: "place s-stranded", keyboard: false, above: -200, html, size: [side, side],
      }).addTo(layer);
    });
  }

  function swatch(fill) {
    const box = svg("svg", { "aria-hidden": "true" });
    box.append(svg("rect", { width: 30, height: 18, fill }));
    return box;
  }

  function mark(state, words) {
    const made = element("span", "place s-" + state);
    made.append(sign(state, words));
    return made;
  }

  function stroke(color, width, dash) {
    const box = svg("svg", { "aria-hidden": "true", class: "stroke" });
    box.append(svg("path", { d: "M0,9 h30", stroke: color, "stroke-width": width,
      "stroke-dasharray": dash || "none", fill: "none" }));
    return box;
  }

  function dot(className, words, state) {
    const made = element("span", "dot " + className, words);
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
      [mark(kind.state, kind.sign), kind.word]));
    section(box, "避難の道", [
      ...(data.routes.length ? [[stroke("#00489c", 5), "避難経路 (地区名・避難所を押すと出る)"]] : []),
      ...data.closed.map((roads) => [stroke(CLOSED[roads.key].color, 4,
        CLOSED[roads.key].dashArray),
        roads.key === "reported" ? roads.name : `${roads.name} (見込み)`]),
      ...(data.stranded.length + data.outOfReach.length ? [[mark("stranded", "困"), "時間内に避難所へ行けない人がいる所"]] : []),
    ]);
    section(box, "水位観測所", data.gauges.length ? data.states.map((state) =>
      [dot("gauge", state.sign, state), state.word]) : []);
    const every = [...data.others.flatMap((other) => other.areas), ...data.water];
    const water = new Map(every.map((area) => [area.key, area]));
    section(box, data.standIn ? "浸水の深さ (模式)" : "浸水の深さ", [...water.keys()].sort().map(
      (key) => [swatch(water.get(key).fill), water.get(key).legend]));
    map.invalidateSize();
  }

  // From afar a city has more shelters than room for signs: they shrink to coloured squares.
  function shrink() {
    map.getContainer().classList.toggle("far", map.getZoom() < 12);
    map.getContainer().classList.toggle("near", map.getZoom() >= 13);
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
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });
    map.on("popupopen", (event) => {
      const button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (button) button.setAttribute("aria-label", "閉じる");
    });
  }

  // A printed map is as wide as the paper: it is laid out anew before and after.
  function printed(on) {
    const view = map.getBounds();
    document.body.classList.toggle("printing", on);
    document.getElementById("legend").open = on || wide;
    map.invalidateSize({ animate: false });
    const whole = data.bounds && view.contains(data.bounds);
    map.fitBounds(whole ? data.bounds : view, { animate: false });
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
  map.createPane("closed").style.zIndex = 390;
  map.createPane("ways").style.zIndex = 590;
  drawDistricts();
  drawWater();
  drawRoads();
  drawClosed();
  drawStranded();
  drawShelters();
  drawGauges();
  controls();
  legend();
  map.on("zoomend", shrink);
  window.addEventListener("beforeprint", () => printed(true));
  window.addEventListener("afterprint", () => printed(false));
  if (data.bounds) map.fitBounds(data.bounds, { padding: [8, 8] });
  shrink();
  document.getElementById("failed").remove();
})
