// Where everything stands, from top to bottom; and the small pieces of SVG that all drawings share.
const GUTTER = 118,
  RIGHT = 14,
  BAND = 28,
  ROW = 18;

// Depends on the width and on how far one is zoomed in, never on the stretch that is shown: rows stay while one pans.
function layoutOf(width, scale, span) {
  const lay = { width, inner: Math.max(200, width - GUTTER - RIGHT), y: {}, strips: [] };
  const px = (ns) => (scale.toU(ns) / span) * lay.inner;
  let y = 34;
  const strip = (id, name, height) => {
    lay.strips.push({ id, name, y, height });
    y += height + 10;
    return y - height - 10;
  };
  lay.faultRows = packed(
    model.faults.map((fault) => {
      const from = px(fault.from),
        to = Math.max(px(fault.to), from + 3),
        wide = textWidth(fault.text, 11) + 16;
      return { what: fault, from, to: to - from > wide ? to : to + wide + 4 };
    }),
    8,
  );
  if (model.faults.length) lay.faults = strip("faults", "Faults", lay.faultRows.count * ROW);
  if (model.violations.length) lay.broken = strip("broken", "Broken", ROW);
  lay.laneTop = y;
  for (const [index, lane] of model.lanes.all.entries()) {
    const before = model.lanes.all[index - 1];
    if (before) y += before.type === "node" && lane.type === "node" ? 92 : 34;
    lay.y[lane.id] = { top: y, middle: y + BAND / 2, bottom: y + BAND, lane };
    y += BAND + (lane.type === "node" ? 10 : 0);
  }
  y += 16;
  lay.laneBottom = y - 8;
  lay.world = lay.faults !== undefined ? lay.faults + ROW / 2 : lay.laneTop;
  if (model.marks.length) lay.marks = strip("marks", "Watermark", 58);
  const threads = (room) =>
    packed(
      [...model.items.values()].map((item) => ({
        what: item,
        from: px(item.from) - 5,
        to: item.done ? Math.max(px(item.done.at) + room, px(item.until) + 8) : px(model.end) + room,
      })),
      90,
    );
  lay.threadRows = threads(105);
  lay.threadHeight = 15;
  if (lay.threadRows.count > 24) {
    lay.threadRows = threads(10);
    lay.threadHeight = lay.threadRows.count > 24 ? 7 : 11;
  }
  if (model.items.size) lay.threads = strip("threads", "Items", lay.threadRows.count * lay.threadHeight);
  lay.height = y;
  return lay;
}

// Spans that overlap in time go to different rows, as far as there are rows.
function packed(spans, rowsMax) {
  const ends = [],
    row = new Map();
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    let free = ends.findIndex((end) => end <= span.from);
    if (free < 0) free = ends.length < rowsMax ? ends.length : ends.indexOf(Math.min(...ends));
    ends[free] = span.to;
    row.set(span.what, free);
  }
  return { row, count: Math.max(ends.length, 1) };
}

function laneY(lay, lane) {
  return lay.y[lane] ? lay.y[lane].middle : lay.world;
}

function textWidth(text, size = 12) {
  return text.length * size * 0.6;
}

function fitted(text, width, size = 12) {
  if (textWidth(text, size) <= width) return text;
  const room = Math.floor(width / (size * 0.6)) - 1;
  return room < 3 ? "" : `${text.slice(0, room)}…`;
}

function svgText(x, y, text, more = "") {
  return `<text x="${n1(x)}" y="${n1(y)}" ${more}>${esc(text)}</text>`;
}

function n1(value) {
  return Math.round(value * 10) / 10;
}

// Labels that would lie on others are left out.
class Labels {
  constructor() {
    this.taken = new Map();
  }

  free(slot, from, to) {
    const spans = listed(this.taken, slot);
    if (spans.some(([a, b]) => from < b && to > a)) return false;
    spans.push([from, to]);
    return true;
  }
}

// The same for labels that stand anywhere.
class Boxes {
  constructor() {
    this.taken = [];
  }

  free(y, from, to) {
    if (this.taken.some((box) => Math.abs(box.y - y) < 13 && from < box.to && to > box.from)) return false;
    this.taken.push({ y, from, to });
    return true;
  }
}
