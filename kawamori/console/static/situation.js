// Draws the hydrographs and swaps the parts of the page that an event of the server names.
"use strict";
(() => {
  const page = document.getElementById("situation");
  const run = encodeURIComponent(page.dataset.run);
  const PARTS = { run: ["head", "advice", "gauges", "charts", "log"], approval: ["advice", "log"], delivery: ["head"], log: ["log"] };
  const QUIET_MS = 60000; // the ages on the page grow older even when nothing comes
  const seen = {};

  async function draw() {
    const answer = await fetch(`/situation-charts.json?run=${run}`);
    if (!answer.ok) return;
    const charts = await answer.json();
    await document.fonts.ready;
    window.kawamoriDraw(charts);
    document.documentElement.dataset.drawn = "true";
  }

  const swap = (part, mark) => htmx.ajax("GET", `/situation/${part}?run=${run}&mark=${mark}`, { target: `#part-${part}`, swap: "innerHTML" });

  async function refresh(parts, mark = "") {
    await Promise.all(parts.map((part) => swap(part, mark)));
    if (parts.includes("charts")) await draw();
  }

  function hear(kind) {
    return async (event) => {
      const first = !(kind in seen);
      const changed = seen[kind] !== event.data;
      seen[kind] = event.data;
      if (first || !changed) return;
      await refresh(PARTS[kind], event.data);
      if (kind === "run") document.querySelector("#map iframe")?.contentWindow.location.reload();
      document.getElementById("heard").textContent = page.dataset.heard;
      document.documentElement.dataset.heard = kind;
    };
  }

  function listen() {
    const source = new EventSource("/api/v1/events");
    Object.keys(PARTS).forEach((kind) => source.addEventListener(kind, hear(kind)));
    const cut = document.getElementById("link");
    source.addEventListener("store", (event) => { cut.hidden = event.data === "ok"; });
    let lost = 0;
    source.addEventListener("open", () => { clearTimeout(lost); lost = 0; cut.hidden = true; });
    source.addEventListener("error", () => { lost ||= setTimeout(() => { cut.hidden = false; }, 5000); });
  }

  draw();
  listen();
  setInterval(() => refresh(["head"]), QUIET_MS);
})();
