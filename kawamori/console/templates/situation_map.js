// Draws the layers of a run on a Leaflet map. Every text becomes a text node: nothing here builds
// HTML from strings, so no name in a list can run.
(function (map, facts) {
  "use strict";
  const wide = window.matchMedia("(min-width: 62rem)").matches;
  const words = facts.words;
  const MANY = 800; // marks that a page can hold one by one; more are drawn as dots
  const FLOOD = [ // from this probability of overflow on
    [0.5, "#08306b", words.flood_3], [0.3, "#2f6fb5", words.flood_2], [0.1, "#7fb2dd", words.flood_1], [0, "#cfe3f4", words.flood_0],
  ];
  const CLOSED = {
    some: { color: "#b35900", weight: 2.5, dashArray: "2 4" }, all: { color: "#b3001b", weight: 3, dashArray: "7 3" },
    bridge: { color: "#b3001b", weight: 6, dashArray: "3 2" }, reported: { color: "#14181c", weight: 5, dashArray: "1 5" },
  };
  const STROKES = { // patterns of the levels, as everywhere in the system
    "-1": ["M-2,2 l4,-4 M0,10 l10,-10 M8,12 l4,-4", "#5d6770", 3], 1: ["M2,2 h1 M7,7 h1", "#14181c", 1],
    2: ["M0,5 h10", "#14181c", 0.8], 3: ["M-2,2 l4,-4 M0,10 l10,-10 M8,12 l4,-4", "#000", 1.2], 4: ["M0,10 l10,-10 M0,0 l10,10", "#fff", 1.2],
  };
  const levels = new Map(facts.levels.map((level) => [level.level, level]));
  const states = new Map(facts.states.map((state) => [state.state, state]));
  const kinds = new Map(facts.kinds.map((kind) => [kind.state, kind]));
  const byId = (name) => document.getElementById(name);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function svg(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  }

  const text = (told) => {
    const box = element("div", "text");
    box.append(element("b", "", told.name), ...told.lines.map((line) => element("span", "", line)));
    return box;
  };

  // What is unknown is hatched, on the canvas too.
  const hatch = (() => {
    const tile = Object.assign(document.createElement("canvas"), { width: 10, height: 10 });
    const pen = tile.getContext("2d");
    pen.fillStyle = "#eef1f3";
    pen.fillRect(0, 0, 10, 10);
    pen.strokeStyle = "#5d6770";
    pen.lineWidth = 3;
    [[-2, 2, 2, -2], [0, 10, 10, 0], [8, 12, 12, 8]].forEach(([x, y, u, v]) => { pen.moveTo(x, y); pen.lineTo(u, v); });
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  })();

  function patterns() {
    const holder = svg("svg", { class: "defs", "aria-hidden": "true" });
    facts.levels.forEach((level) => {
      const pattern = svg("pattern", { id: `level${level.level}`, width: 10, height: 10, patternUnits: "userSpaceOnUse" });
      pattern.append(svg("rect", { width: 10, height: 10, fill: level.fill }));
      const [d, stroke, width] = STROKES[level.level] || [];
      if (d) pattern.append(svg("path", { d, stroke, "stroke-width": width, fill: "none" }));
      holder.append(pattern);
    });
    document.body.append(holder);
  }

  ["districts", "flood", "closed"].forEach((name, rank) => (map.createPane(name).style.zIndex = 410 + 10 * rank));
  const canvas = L.canvas({ pane: "flood", padding: 0.2 });
  const groups = Object.fromEntries(facts.layers.map((layer) => [layer.name, L.featureGroup().addTo(map)]));
  const drawn = { flood: null, gauges: new Map() }; // what changes with time

  function pin(feature, options) {
    const [lon, lat] = options.at || feature.geometry.coordinates;
    const icon = L.divIcon({ className: options.className, html: options.html, iconSize: options.size });
    const marker = L.marker([lat, lon], { icon, zIndexOffset: options.above || 0 });
    marker.spoken = options.spoken;
    marker.told = { ...feature.properties, lines: options.lines || feature.properties.lines };
    marker.on("add", () => name(marker));
    marker.bindTooltip(() => text(marker.told), { direction: "top", offset: [0, -8] });
    marker.bindPopup(() => text(marker.told), { maxWidth: 300, maxHeight: wide ? 360 : 200 });
    marker.on("popupopen", () => marker.closeTooltip());
    return marker;
  }

  function name(marker) {
    const icon = marker.getElement();
    if (icon) icon.setAttribute("aria-label", [marker.spoken || marker.told.name, ...marker.told.lines].join(words.comma));
  }

  function dot(feature, fill) {
    const [lon, lat] = feature.geometry.coordinates;
    const made = L.circleMarker([lat, lon], { renderer: canvas, radius: 4, weight: 1, color: "#14181c", fillColor: fill, fillOpacity: 1 });
    made.told = feature.properties;
    return made.bindTooltip(() => text(made.told)).bindPopup(() => text(made.told));
  }

  function paint(node, state) {
    node.style.backgroundColor = state.fill;
    node.style.color = state.ink;
    node.classList.toggle("hatched", state.level === -1);
  }

  const floodStyle = (told) => {
    const found = told.probability === null ? null : FLOOD.find(([from]) => told.probability >= from);
    return { fill: found ? found[1] : hatch, alpha: found ? 0.78 : 1, line: found ? "#1d4f91" : "#14181c", dash: told.stand_in ? [5, 4] : [] };
  };

  // All areas of the water as one path: tens of thousands of them as layers of their own take seconds.
  const Areas = L.Path.extend({
    initialize(features, options) {
      L.setOptions(this, options);
      this.areas = features.map((feature) => this._area(feature));
      this.byId = new Map(this.areas.map((area) => [area.id, area]));
    },
    // Rings as flat x, y of the world's square (web Mercator, 0 to 1), and the box around them.
    _area({ id, geometry, properties }) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      const polygons = { Polygon: (rings) => [rings], MultiPolygon: (many) => many }[geometry.type](geometry.coordinates);
      const rings = polygons.flat().map((ring) => {
        const flat = new Array(2 * ring.length);
        ring.forEach(([lon, lat], at) => {
          const x = 0.5 + lon / 360;
          const y = 0.5 - Math.asinh(Math.tan(lat * Math.PI / 180)) / (2 * Math.PI);
          flat[2 * at] = x;
          flat[2 * at + 1] = y;
          if (x < box[0]) box[0] = x;
          if (x > box[2]) box[2] = x;
          if (y < box[1]) box[1] = y;
          if (y > box[3]) box[3] = y;
        });
        return flat;
      });
      return { id, rings, box, told: properties };
    },
    tell(feature) {
      const area = this.byId.get(feature.id);
      if (area) area.told = feature.properties;
    },
    _project() {
      const side = map.options.crs.scale(map.getZoom());
      const origin = map.getPixelOrigin();
      const box = L.bounds([]);
      this.side = side;
      this.areas.forEach(({ box: [west, north, east, south] }) => box.extend([west * side, north * side]).extend([east * side, south * side]));
      this._pxBounds = this.areas.length ? L.bounds(box.min.subtract(origin), box.max.subtract(origin)) : L.bounds([0, 0], [0, 0]);
    },
    _update() { if (this._map) this._updatePath(); },
    _updatePath() {
      if (!this._renderer._drawing) return;
      const pen = this._renderer._ctx;
      const { x: left, y: top } = map.getPixelOrigin();
      const { min, max } = this._renderer._bounds;
      const side = this.side;
      pen.lineWidth = 0.7;
      this.areas.forEach(({ rings, box: [west, north, east, south], told }) => {
        if (east * side - left < min.x || west * side - left > max.x || south * side - top < min.y || north * side - top > max.y) return;
        pen.beginPath();
        rings.forEach((ring) => {
          let [x, y] = [Infinity, Infinity];
          for (let at = 0; at < ring.length; at += 2) {
            const [u, v] = [ring[at] * side - left, ring[at + 1] * side - top];
            if (Math.abs(u - x) + Math.abs(v - y) < 0.6) continue; // what is less than a pixel is not seen
            if (at) pen.lineTo(u, v);
            else pen.moveTo(u, v);
            [x, y] = [u, v];
          }
          pen.closePath();
        });
        const { fill, alpha, line, dash } = floodStyle(told);
        pen.fillStyle = fill;
        pen.strokeStyle = line;
        pen.globalAlpha = alpha;
        pen.fill("evenodd");
        pen.globalAlpha = 1;
        pen.setLineDash((east - west) * side > 24 ? dash : []); // dashes of small areas run together, and are slow
        pen.stroke();
      });
      pen.setLineDash([]);
    },
    // The area that is drawn last lies on top, and its words are told.
    _containsPoint(point) {
      const { x: left, y: top } = map.getPixelOrigin();
      const [x, y] = [(point.x + left) / this.side, (point.y + top) / this.side];
      const found = this.areas.findLast(({ rings, box: [west, north, east, south] }) =>
        x >= west && x <= east && y >= north && y <= south && rings.filter((ring) => inside(ring, x, y)).length % 2);
      if (found) this.told = found.told;
      return Boolean(found);
    },
  });

  function inside(ring, x, y) {
    let within = false;
    for (let at = 0, before = ring.length - 2; at < ring.length; before = at, at += 2) {
      const [u, v, s, t] = [ring[at], ring[at + 1], ring[before], ring[before + 1]];
      if (v > y !== t > y && x < u + (s - u) * (y - v) / (t - v)) within = !within;
    }
    return within;
  }

  const draw = {
    flood(data) {
      const areas = new Areas(data.features, { renderer: canvas });
      areas.bindTooltip(() => text(areas.told), { sticky: true });
      areas.on("mousemove", () => areas.getTooltip().update());
      drawn.flood = areas.addTo(groups.flood);
    },
    districts(data) {
      data.features.forEach((feature) => {
        const told = feature.properties;
        const level = levels.get(told.level === null ? -1 : told.level);
        const lines = [`${words.level}${level.number} ${level.word}`, ...told.lines];
        L.geoJSON(feature, { pane: "districts", interactive: false, style: {
          pane: "districts", color: "#14181c", weight: 1.5, fillColor: `url(#level${level.level})`, fillOpacity: level.level === 5 ? 0.8 : 0.4,
        } }).addTo(groups.districts);
        const html = element("div", "chip");
        const digit = element("i", "", level.number);
        const said = element("span");
        said.append(element("b", "", told.name), " ", level.short);
        html.append(digit, " ", said); // read as it looks: the spoken name begins with these words
        paint(digit, level);
        pin(feature, { at: [told.lon, told.lat], html, className: "holder", lines, spoken: `${level.number} ${told.name} ${level.short}`, above: 1000 + 100 * level.level }).addTo(groups.districts);
      });
    },
    "closed-roads"(data) {
      const style = (feature) => ({ pane: "closed", ...CLOSED[feature.properties.closed_to] });
      L.geoJSON(data, { pane: "closed", style, onEachFeature: (feature, line) => { line.told = feature.properties; } })
        .bindTooltip((line) => text(line.told), { sticky: true }).addTo(groups["closed-roads"]);
    },
    shelters(data) {
      const many = data.features.length > MANY;
      data.features.forEach((feature) => {
        const { state, rank, room_words: room } = feature.properties;
        const kind = kinds.get(state);
        feature.properties.lines = [kind.word, ...feature.properties.lines];
        if (many) { dot(feature, state === "opening" ? "#00633a" : "#fff").addTo(groups.shelters); return; }
        const html = element("span", "", rank && state === "opening" ? String(rank) : kind.sign);
        pin(feature, { html, className: `mark s-${state}`, size: rank ? [26, 26] : [20, 20], above: rank ? 600 : 0, room }).addTo(groups.shelters);
      });
    },
    gauges(data) {
      const many = data.features.length > MANY;
      data.features.forEach((feature) => {
        const state = states.get(feature.properties.state);
        const made = many ? dot(feature, state.fill)
          : pin(feature, { html: element("span", "", state.sign), className: "mark gauge", size: [26, 26], above: 800 });
        made.on("add", () => gauge(made, feature.properties));
        drawn.gauges.set(feature.id, made.addTo(groups.gauges));
      });
    },
  };

  function gauge(marker, told) {
    const state = states.get(told.state);
    marker.told = { ...told, lines: [state.word, ...told.lines] };
    if (marker.setStyle) { marker.setStyle({ fillColor: state.fill }); return; }
    const icon = marker.getElement();
    if (!icon) return;
    icon.querySelector("span").textContent = state.sign;
    paint(icon, state);
    name(marker);
  }

  const change = {
    flood(features) {
      features.forEach((feature) => drawn.flood.tell(feature));
      drawn.flood.redraw();
    },
    gauges(features) {
      features.forEach((feature) => { if (drawn.gauges.has(feature.id)) gauge(drawn.gauges.get(feature.id), feature.properties); });
    },
  };

  async function ask(layer, at, geometry) {
    const query = new URLSearchParams({ at, geometry, language: facts.language });
    const answer = await fetch(`${facts.base}${layer}.geojson?${query}`);
    if (!answer.ok) throw new Error(`${layer} (${answer.status})`);
    return answer.json();
  }

  // A layer that cannot be read says so on the map: an empty map must not look calm.
  async function each(layers, work) {
    const done = await Promise.allSettled(layers.map(work));
    const lost = done.filter((one) => one.status === "rejected").map((one) => one.reason.message);
    byId("failed").textContent = lost.length ? `${words.lost}${lost.join(words.comma)}${words.lost_end}` : "";
  }

  let asked = 0;
  async function show() {
    const mine = ++asked;
    const { at, word } = facts.times[byId("time").value];
    byId("told").textContent = word;
    byId("time").setAttribute("aria-valuetext", word);
    await each(Object.keys(change), async (layer) => {
      const data = await ask(layer, at, false);
      if (mine !== asked) return; // a later time was asked for meanwhile
      if (drawn[layer]) change[layer](data.features);
    });
    document.documentElement.dataset.at = at;
  }

  function sample(className, text, state) {
    const made = element("span", `sample ${className}`, text);
    made.setAttribute("aria-hidden", "true");
    if (state) paint(made, state);
    return made;
  }

  function section(title, rows) {
    const list = element("ul");
    rows.forEach(([mark, said]) => { const row = element("li"); row.append(mark, said); list.append(row); });
    const part = element("section");
    part.append(element("h2", "", title), list);
    byId("legend").append(part);
  }

  function legend() {
    const band = ([, fill, said]) => { const box = sample("", ""); box.style.backgroundColor = fill; return [box, said]; };
    section(words.flood, [...FLOOD.map(band), [sample("hatched", "?"), words.flood_unknown]]);
    section(words.levels, facts.levels.map((level) => [sample("", level.number, level), level.word]));
    section(words.gauges, facts.states.map((state) => [sample("", state.sign, state), state.word]));
    section(words.shelters, facts.kinds.map((kind) => [sample(`s-${kind.state}`, kind.sign), kind.word]));
    byId("legend").open = wide;
  }

  function controls() {
    map.attributionControl.setPrefix(words.brand);
    L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const named = Object.fromEntries(facts.layers.map((layer) => [layer.word, groups[layer.name]]));
    const toggle = L.control.layers(null, named, { collapsed: !wide }).addTo(map).getContainer().querySelector(".leaflet-control-layers-toggle");
    toggle.title = words.show_title;
    toggle.textContent = words.show;
    const frame = map.getContainer();
    frame.setAttribute("role", "application");
    frame.setAttribute("aria-label", words.frame);
    frame.addEventListener("keydown", (event) => { if (event.key === "Escape") map.closePopup(); });
    map.on("popupopen", (event) => event.popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", words.close));
    map.on("zoomend", () => frame.classList.toggle("far", map.getZoom() < 12));
  }

  // Until somebody moves the map it shows the whole city, in whatever room it has, on paper too.
  function fit() {
    let moved = false;
    const frame = map.getContainer();
    ["pointerdown", "wheel", "keydown"].forEach((kind) => frame.addEventListener(kind, () => { moved = true; }));
    const whole = () => {
      map.invalidateSize({ animate: false });
      if (!moved) map.fitBounds(facts.bounds, { animate: false });
    };
    whole();
    new ResizeObserver(whole).observe(frame);
    // Paper does not wait for an observer: the map is laid out at the size of its sheet before and after.
    const printed = (on) => () => {
      document.documentElement.classList.toggle("printing", on);
      document.documentElement.classList.toggle("alone", window.top === window);
      byId("legend").open = on || wide;
      whole();
    };
    window.addEventListener("beforeprint", printed(true));
    window.addEventListener("afterprint", printed(false));
  }

  async function start() {
    document.querySelectorAll("[data-word]").forEach((place) => { place.textContent = words[place.dataset.word]; });
    document.title = byId("title").textContent = facts.title;
    document.body.classList.toggle("drill", facts.drill);
    facts.notes.forEach((note) => byId("notes").append(element("li", "", note)));
    byId("notes").setAttribute("aria-label", words.notes);
    if (facts.notes.length) byId("notes").tabIndex = 0;
    if (facts.credits.length) {
      const credits = element("span", "", facts.credits.join("、"));
      credits.lang = "ja";
      byId("credits").append(words.credits, credits);
    }
    const slider = byId("time");
    slider.max = facts.times.length - 1;
    byId("told").textContent = facts.times[0].word;
    slider.setAttribute("aria-valuetext", facts.times[0].word);
    slider.addEventListener("input", show);
    patterns();
    controls();
    legend();
    if (facts.bounds) fit();
    else byId("failed").textContent = words.no_place;
    map.getContainer().classList.toggle("far", map.getZoom() < 12);
    if (facts.bounds) await each(facts.layers.map((layer) => layer.name), async (layer) => draw[layer](await ask(layer, facts.times[0].at, true)));
    byId("status").textContent = words.drawn;
    document.documentElement.dataset.drawn = "true";
  }

  start();
})
