// Draws what is visible, and finds what is under the pointer.
const state = {
  view: { from: 0, to: 1 },
  mode: "true",
  row: null,
  item: "",
  kinds: new Set(),
  routine: true,
  stepRoutine: false,
};
let lay = null,
  hits = [];

function scaleNow() {
  return state.mode === "idle" ? idleScale : trueScale;
}

function matches(row) {
  if (!state.kinds.has(row.kind)) return false;
  if (!state.item || row.kind === "fault" || row.kind === "life" || row.kind === "role") return true;
  return (model.ofRow.get(row.index) || []).includes(state.item);
}

function steppable(row) {
  if (state.item && !(model.ofRow.get(row.index) || []).includes(state.item)) return false;
  return matches(row) && (state.stepRoutine || !isRoutine(row));
}

function drawPicture() {
  const svg = document.getElementById("picture"),
    width = svg.parentElement.clientWidth;
  const scale = scaleNow(),
    { view } = state;
  lay = layoutOf(width, scale, view.to - view.from);
  const perUnit = lay.inner / (view.to - view.from);
  const p = {
    lay,
    state,
    scale,
    view,
    hits: [],
    right: GUTTER + lay.inner,
    boxes: new Boxes(),
    counts: { frames: 0, lost: 0, exchanges: 0, items: 0 },
    x: (ns) => GUTTER + (scale.toU(ns) - view.from) * perUnit,
    shows: (row) => matches(row) && (state.routine || !isRoutine(row)),
    window: () => [lowerBound(scale.toT(view.from)), lowerBound(scale.toT(view.to) + 1)],
  };
  const within = (...parts) => `<g clip-path="url(#plot)">${parts.join("")}</g>`;
  const path = drawPath(p);
  const parts = [
    drawAxis(p),
    drawStripNames(p),
    lay.faults === undefined ? "" : drawFaults(p),
    drawPlaces(p),
    within(drawExchanges(p), drawFrames(p)),
    drawLanes(p),
    within(drawMarks(p)),
    lay.marks === undefined ? "" : drawWatermarks(p),
    lay.threads === undefined ? "" : drawThreads(p),
    lay.broken === undefined ? "" : drawBroken(p),
    within(path, drawChain(p)),
  ];
  svg.setAttribute("viewBox", `0 0 ${width} ${lay.height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", lay.height);
  svg.innerHTML =
    `<defs><clipPath id="plot"><rect x="${GUTTER - 6}" y="0" width="${lay.inner + 12}" height="${lay.height}"/></clipPath><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="7" height="7"/><line class="hatch-line" x1="0" x2="0" y1="0" y2="7"/></pattern>` +
    `<pattern id="bars" width="6" height="8" patternUnits="userSpaceOnUse"><rect class="bars-ground" width="6" height="8"/><rect class="bars-line" width="3" height="8"/></pattern></defs>${parts.join("")}`;
  hits = p.hits;
  drawOverview(width);
  const from = Math.max(0, scale.toT(view.from)),
    to = Math.min(model.end, scale.toT(view.to));
  const many = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
  document.getElementById("count").textContent =
    `Shown: ${clock(from)} to ${clock(to)} (${long(to - from)}) · ` +
    `${many(p.counts.frames, "frame")}, ${p.counts.lost} lost · ${p.counts.exchanges} requests and calls · ${many(p.counts.items, "item")}`;
}

function lowerBound(ns) {
  let low = 0,
    high = model.rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (model.rows[middle].at < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The whole run in small, with a frame around what is shown.
function drawOverview(width) {
  const svg = document.getElementById("overview"),
    scale = scaleNow(),
    height = 12 * model.lanes.nodes.length + 10;
  const x = (ns) => n1(GUTTER + (scale.toU(ns) / scale.end) * lay.inner);
  const out = [svgText(8, height / 2 + 4, "whole run", 'class="small"')];
  model.lanes.nodes.forEach((node, i) => {
    out.push(`<rect class="no-life" x="${GUTTER}" y="${5 + i * 12}" width="${lay.inner}" height="10"/>`);
    for (const span of model.roles)
      if (span.node === node)
        out.push(
          `<rect class="band role-${span.role}" x="${x(span.from)}" y="${5 + i * 12}" width="${Math.max(0, x(span.to) - x(span.from))}" height="10"/>`,
        );
    for (const span of model.lives[node])
      if (span.type !== "alive")
        out.push(
          `<rect class="band ${span.type}" x="${x(span.from)}" y="${5 + i * 12}" width="${Math.max(1, x(span.to) - x(span.from))}" height="10"/>`,
        );
  });
  for (const span of model.faults)
    out.push(`<line class="fault-tick" x1="${x(span.from)}" x2="${x(span.from)}" y1="1" y2="${height - 1}"/>`);
  for (const row of model.violations)
    out.push(`<line class="broken-line" x1="${x(row.at)}" x2="${x(row.at)}" y1="0" y2="${height}"/>`);
  const from = GUTTER + (state.view.from / scale.end) * lay.inner,
    to = GUTTER + (state.view.to / scale.end) * lay.inner;
  out.push(
    `<rect class="frame-view" x="${n1(from)}" y="1" width="${n1(Math.max(to - from, 3))}" height="${height - 2}"/>`,
  );
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  svg.innerHTML = out.join("");
}

// The nearest row within reach; routine and wide things win only when nothing else is near.
function rowAt(x, y) {
  let best = null,
    least = 14;
  for (const hit of hits) {
    const dx = hit.x2 - hit.x1,
      dy = hit.y2 - hit.y1,
      length = dx * dx + dy * dy;
    const share = length ? Math.max(0, Math.min(1, ((x - hit.x1) * dx + (y - hit.y1) * dy) / length)) : 0;
    const far = Math.hypot(x - hit.x1 - share * dx, y - hit.y1 - share * dy) + (hit.weak || 0);
    if (far < least) {
      least = far;
      best = hit.row;
    }
  }
  return best;
}

// Views: always within the run, and never narrower than a microsecond.
function setView(from, to) {
  const { end } = scaleNow(),
    margin = end * 0.015;
  const span = Math.min(Math.max(to - from, 1000), end + 2 * margin);
  const start = Math.min(Math.max(from, -margin), end + margin - span);
  state.view = { from: start, to: start + span };
  redraw();
}

function zoom(factor, center) {
  const { from, to } = state.view,
    middle = center === undefined ? zoomCenter() : center;
  setView(middle - (middle - from) * factor, middle + (to - middle) * factor);
}

function zoomCenter() {
  const u = state.row ? scaleNow().toU(state.row.at) : NaN;
  return u >= state.view.from && u <= state.view.to ? u : (state.view.from + state.view.to) / 2;
}

function showAll() {
  setView(-scaleNow().end * 0.015, scaleNow().end * 1.015);
}

function bringIntoView(row) {
  const u = scaleNow().toU(row.at),
    { from, to } = state.view,
    span = to - from;
  if (u < from + span * 0.04 || u > to - span * 0.04) setView(u - span / 2, u + span / 2);
}

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawPicture();
  });
}
