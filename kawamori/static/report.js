// Draws the hydrographs of data.js with uPlot. Text reaches the page as text nodes or canvas text only.
"use strict";
(() => {
  const GUTTER = { screen: 104, print: 84 }; // room for the names of the official levels
  const INK = "#14181c";
  const BLUE = "#00489c";
  const FONT = '11px "BIZ UDPGothic", "BIZ UDPゴシック", sans-serif';
  const paper = window.matchMedia("print");
  const LEVELS = {
    1: { line: "#5a646e", tint: "rgba(90,100,110,.07)" },
    2: { line: "#7d7600", tint: "rgba(242,231,0,.28)" },
    3: { line: "#d02000", tint: "rgba(255,40,0,.16)" },
    4: { line: "#aa00aa", tint: "rgba(170,0,170,.16)" },
    5: { line: "#0c000c", tint: "rgba(12,0,12,.24)" },
  };
  const jst = new Intl.DateTimeFormat("ja-JP", {
    timeZone: "Asia/Tokyo", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const parts = (second) =>
    Object.fromEntries(jst.formatToParts(new Date(second * 1000)).map((part) => [part.type, part.value]));
  const clock = (second) => { const p = parts(second); return `${p.month}/${p.day} ${p.hour}:${p.minute}`; };
  const SAID = {
    ja: { unknown: "不明", now: "基準時刻", observed: "実測", forecast: "予測", before: "前回の予測", truth: "実績", late: "(予測時には未知)" },
    en: { unknown: "unknown", now: "issued", observed: "observed", forecast: "forecast", before: "previous forecast", truth: "later", late: " (unknown then)" },
  };
  const said = SAID[document.documentElement.lang] || SAID.ja;
  const metres = (value) => (value === null || value === undefined ? said.unknown : value.toFixed(2));
  const number = (value) => value !== null && value !== undefined;

  // Midnight carries the date, every other tick the hour.
  const ticks = (u, splits) => splits.map((second) => {
    const p = parts(second);
    return p.hour === "00" && p.minute === "00" ? `${p.month}/${p.day}` : `${Number(p.hour)}:${p.minute}`;
  });

  // As many decimals as the step between two lines needs.
  const decimals = (u, splits, axis, space, step) =>
    splits.map((level) => level.toFixed(Math.abs(step * 10 - Math.round(step * 10)) > 1e-6 ? 2 : 1));

  const range = (chart, names) => {
    const values = names.flatMap((name) => chart[name]).filter(number).concat(chart.thresholds.map((t) => t.level_m));
    if (!values.length) return [0, 1];
    const low = Math.min(...values);
    const high = Math.max(...values);
    const room = Math.max((high - low) * 0.08, 0.1);
    return [low - room, high + room];
  };

  const bands = (chart) => (u) => {
    const { ctx, bbox } = u;
    const top = (level) => Math.min(Math.max(u.valToPos(level, "y", true), bbox.top), bbox.top + bbox.height);
    chart.thresholds.forEach((threshold, index) => {
      const next = chart.thresholds[index + 1];
      const upper = next ? top(next.level_m) : bbox.top;
      const lower = top(threshold.level_m);
      ctx.fillStyle = LEVELS[threshold.level].tint;
      ctx.fillRect(bbox.left, upper, bbox.width, lower - upper);
    });
  };

  const marks = (chart) => (u) => {
    const { ctx, bbox } = u;
    const ratio = bbox.width / u.over.clientWidth;
    ctx.save();
    ctx.font = FONT.replace("11px", `${(paper.matches ? 8 : 11) * ratio}px`);
    ctx.lineWidth = ratio;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.setLineDash([]);
    let ceiling = Infinity;
    chart.thresholds.forEach((threshold) => {
      const y = u.valToPos(threshold.level_m, "y", true);
      const at = Math.min(y, ceiling - (paper.matches ? 10 : 14) * ratio); // close levels: push the label up, not over its neighbour
      ceiling = at;
      ctx.strokeStyle = LEVELS[threshold.level].line;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.lineTo(bbox.left + bbox.width + 6 * ratio, at);
      ctx.stroke();
      ctx.fillStyle = INK;
      ctx.fillText(`${threshold.name} ${metres(threshold.level_m)}`, bbox.left + bbox.width + 8 * ratio, at);
    });
    const x = u.valToPos(chart.now, "x", true);
    ctx.strokeStyle = INK;
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([2 * ratio, 2 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillStyle = INK;
    ctx.textAlign = "right";
    ctx.fillText(said.now, x - 4 * ratio, bbox.top + 9 * ratio);
    ctx.restore();
  };

  const readout = (chart, target, names) => {
    const still = target.textContent;
    return (u) => {
      const i = u.cursor.idx;
      if (!number(i)) { target.textContent = still; return; }
      const told = [clock(chart.t[i])];
      if (number(chart.observed[i])) told.push(`${said.observed} ${metres(chart.observed[i])} m`);
      if (number(chart.q50[i])) told.push(`${said.forecast} ${metres(chart.q50[i])} m (90%: ${metres(chart.q05[i])}–${metres(chart.q95[i])})`);
      if (names.includes("before") && number(chart.before[i])) told.push(`${said.before} ${metres(chart.before[i])} m`);
      if (names.includes("truth") && number(chart.truth[i])) told.push(`${said.truth} ${metres(chart.truth[i])} m${said.late}`);
      target.textContent = told.join(" ");
    };
  };

  const draw = (chart, place) => {
    const names = ["observed", "q05", "q25", "q50", "q75", "q95"].concat(chart.truth ? ["truth"] : [], chart.before ? ["before"] : []);
    const line = { spanGaps: true, points: { show: false } };
    const style = {
      observed: { stroke: INK, width: 2, points: { show: false } },
      q05: { ...line, width: 0 }, q25: { ...line, width: 0 }, q75: { ...line, width: 0 }, q95: { ...line, width: 0 },
      q50: { ...line, stroke: BLUE, width: 2, dash: [6, 4], points: { show: true, size: 5, fill: "#fff" } },
      truth: { ...line, stroke: "#a03000", width: 2, dash: [2, 3] },
      before: { ...line, stroke: "#5a646e", width: 1.5, dash: [8, 3, 2, 3] },
    };
    const at = (name) => names.indexOf(name) + 1;
    const target = place.closest("figure").querySelector("[data-readout]");
    const font = FONT;
    const plot = new uPlot({
      width: place.clientWidth,
      height: place.clientHeight,
      padding: [8, () => (chart.thresholds.length ? GUTTER[paper.matches ? "print" : "screen"] : 12), 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false, x: false } },
      scales: { x: { time: true }, y: { range: range(chart, names) } },
      axes: [
        { values: ticks, font, stroke: INK, grid: { stroke: "rgba(0,0,0,.08)", width: 1 } },
        { font, stroke: INK, size: 46, values: decimals, grid: { stroke: "rgba(0,0,0,.08)", width: 1 } },
      ],
      series: [{}, ...names.map((name) => ({ label: name, ...style[name] }))],
      bands: [
        { series: [at("q95"), at("q05")], fill: "rgba(0,72,156,.20)" },
        { series: [at("q75"), at("q25")], fill: "rgba(0,72,156,.38)" },
      ],
      tzDate: (second) => uPlot.tzDate(new Date(second * 1000), "Asia/Tokyo"),
      hooks: { drawClear: [bands(chart)], draw: [marks(chart)], setCursor: [readout(chart, target, names)] },
    }, [chart.t, ...names.map((name) => chart[name])], place);
    const fit = () => plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    new ResizeObserver(fit).observe(place);
    paper.addEventListener("change", fit);
  };

  // The console draws anew whenever a new run is shown.
  window.kawamoriDraw = (charts) => {
    const places = new Map([...document.querySelectorAll("[data-gauge]")].map((place) => [place.dataset.gauge, place]));
    for (const chart of charts) {
      const place = places.get(chart.gauge_id);
      if (place && chart.t.length && !place.firstChild) draw(chart, place);
    }
  };
  if (window.KAWAMORI) {
    document.fonts.ready.then(() => {
      window.kawamoriDraw(window.KAWAMORI.charts);
      document.documentElement.dataset.drawn = "true";
    });
  }
})();
