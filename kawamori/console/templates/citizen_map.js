// Draws official areas, districts and open shelters. Every text becomes a text node: no name in a
// list can run.
(function (map, facts) {
  "use strict";
  const byId = (name) => document.getElementById(name);
  const words = facts.words;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function text(lines) {
    const box = element("div", "text");
    lines.filter(Boolean).forEach((line, rank) => box.append(element(rank ? "span" : "b", "", line)));
    return box;
  }

  const canvas = L.canvas({ padding: 0.2 });
  const told = (one) => [one.name, one.depth, one.address, one.stand_in ? words.stand_in : ""];
  const orderOf = (level) => facts.levels[String(level)];

  function pin(lat, lon, className, html, spoken, lines, size) {
    const icon = L.divIcon({ className, html, iconSize: size });
    const marker = L.marker([lat, lon], { icon, keyboard: Boolean(lines) , interactive: Boolean(lines) });
    marker.on("add", () => { if (lines) marker.getElement().setAttribute("aria-label", spoken); });
    if (lines) marker.bindPopup(() => text(lines), { maxWidth: 280 });
    return marker.addTo(map);
  }

  const draw = {
    flood(feature) {
      const one = feature.properties;
      L.geoJSON(feature, { style: { renderer: canvas, weight: 0.7, color: "#5d6770", fillColor: one.fill, fillOpacity: 0.8, dashArray: one.stand_in ? "5 4" : null } })
        .bindPopup(() => text(told(one))).addTo(map);
    },
    district(feature) {
      const one = feature.properties;
      const order = orderOf(one.level);
      L.geoJSON(feature, { interactive: false, style: { color: "#14181c", weight: order ? 3.5 : 1.5, fillColor: order ? order.fill : "#fff", fillOpacity: order ? 0.35 : 0 } }).addTo(map);
      const label = order ? `${order.number} ${one.name} ${order.word}` : one.name;
      pin(one.lat, one.lon, "name", element("span", order ? "ordered" : "", label), label, null, [0, 0]);
    },
    shelter(feature) {
      const one = feature.properties;
      const [lon, lat] = feature.geometry.coordinates;
      pin(lat, lon, "mark", element("span", "", "避"), `避 ${one.name} ${one.address}`, [one.name, one.address], [28, 28]);
    },
  };

  function legend() {
    const row = (sign, fill, ink, word) => {
      const line = element("li");
      const sample = element("span", "sample", sign);
      sample.style.backgroundColor = fill;
      sample.style.color = ink;
      line.append(sample, element("span", "", word));
      byId("legend").append(line);
    };
    row("避", "#00633a", "#fff", words.shelters);
    row("", "#ffd8c0", "#14181c", words.zones);
    Object.values(facts.levels).forEach((order) => row(order.number, order.fill, order.ink, order.word));
    byId("note").textContent = words.map_note;
    byId("credits").textContent = [...facts.notes, ...facts.credits].join("、");
  }

  async function start() {
    const back = byId("back");
    back.href = facts.back;
    back.textContent = words.title;
    legend();
    map.attributionControl.setPrefix("川守 Kawamori");
    L.control.zoom({ zoomInTitle: "+", zoomOutTitle: "-" }).addTo(map);
    const frame = map.getContainer();
    frame.setAttribute("role", "application");
    frame.setAttribute("aria-label", words.map);
    map.on("popupopen", (event) => event.popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", "閉じる / Close"));
    if (facts.bounds) {
      map.fitBounds(facts.bounds, { animate: false });
      const answer = await fetch(facts.layer);
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.json();
      if (data.features.some((one) => one.properties.stand_in)) byId("note").textContent = words.stand_in;
      ["flood", "district", "shelter"].forEach((kind) => data.features.filter((one) => one.properties.kind === kind).forEach(draw[kind]));
    } else byId("failed").textContent = words.no_data;
    document.documentElement.dataset.drawn = "true";
  }

  start().catch((error) => { byId("failed").textContent = `${words.no_data} (${error.message})`; });
})
