// What flies between lanes: frames, requests and calls; and the chain of causes.
function seen(p, from, to) {
  return p.x(Math.max(from, to)) >= GUTTER && p.x(Math.min(from, to)) <= p.right;
}

function edges(p, from, to) {
  const a = p.lay.y[from],
    b = p.lay.y[to];
  if (!a || !b) return null;
  return a.top < b.top ? [a.bottom, b.top] : [a.top, b.bottom];
}

// Things that would be the same pixels are drawn once.
class Pixels {
  constructor() {
    this.drawn = new Set();
  }

  fresh(...parts) {
    const key = parts.join(" ");
    if (this.drawn.has(key)) return false;
    this.drawn.add(key);
    return true;
  }
}

// Where much flies, each kind is one path: a wash in which only what went wrong stands out.
class Wash {
  constructor() {
    this.paths = new Map();
  }

  add(kind, d) {
    listed(this.paths, kind).push(d);
  }

  drawn() {
    return [...this.paths].map(([kind, ds]) => `<path class="${kind} dense" d="${ds.join("")}"/>`).join("");
  }
}

function drawFrames(p) {
  const pixels = new Pixels(),
    wash = new Wash(),
    pale = [],
    clear = [],
    texts = [];
  const shown = model.frames.map((frame) => flightOf(p, frame)).filter(Boolean),
    dense = shown.length > 600 || shown.filter((one) => one.kind === "news").length > 250;
  p.counts.frames = shown.length;
  p.counts.lost = shown.filter((one) => one.kind === "lost").length;
  for (const { frame, start, kind, x1, x2, y1, y2 } of shown) {
    const lost = kind === "lost";
    p.hits.push({ x1, y1, x2, y2, row: start, weak: kind === "routine" ? 3 : 0 });
    if (!pixels.fresh(kind, Math.round(x1), Math.round(x2), y1)) continue;
    const line = `M${n1(x1)} ${y1}L${n1(x2)} ${n1(y2)}`;
    if (dense && !lost) {
      wash.add(`frame ${kind}`, line);
      continue;
    }
    const said = `${start.what} from ${laneName(frame.from)} to ${laneName(frame.to)}${lost ? ", lost" : ""} at ${clock(start.at)}`;
    const head = lost || kind === "under-way" ? "" : arrowHead(x1, y1, x2, y2);
    (kind === "routine" ? pale : clear).push(
      `<path class="frame ${kind}" role="img" aria-label="${esc(said)}" data-row="${start.number}" d="${line}${head}"/>`,
    );
    if (lost) clear.push(`<path class="lost-mark" d="M${n1(x2) - 4} ${n1(y2) - 4}l8 8m0 -8l-8 8"/>`);
    const share = lost ? 1 : 0.3;
    texts.push({ x: x1 + (x2 - x1) * share + 5, y: y1 + (y2 - y1) * share + 4, text: start.what, kind });
  }
  return wash.drawn() + pale.join("") + clear.join("") + flightTexts(p, texts);
}

// A frame as it is seen: from where to where, or null when it is not in view.
function flightOf(p, frame) {
  const start = frame.sent || frame.ended,
    stop = frame.ended || frame.sent,
    ends = edges(p, frame.from, frame.to);
  if (!ends || !seen(p, start.at, stop.at) || !p.shows(frame.lost ? stop : start)) return null;
  const kind = frame.lost ? "lost" : !frame.ended ? "under-way" : isRoutine(start) ? "routine" : "news";
  const y2 = frame.lost || !frame.ended ? ends[0] + (ends[1] - ends[0]) * 0.42 : ends[1];
  return { frame, start, kind, x1: p.x(start.at), x2: p.x(stop.at), y1: ends[0], y2 };
}

function flightTexts(p, texts) {
  const out = [],
    pale = (one) => one.kind === "routine";
  for (const one of texts.sort((a, b) => pale(a) - pale(b) || a.x - b.x)) {
    const wide = textWidth(one.text, 10.5) + 6;
    if ((pale(one) && p.counts.frames > 40) || one.x < GUTTER || one.x + wide > p.right) continue;
    if (p.boxes.free(one.y, one.x, one.x + wide)) out.push(svgText(one.x, one.y, one.text, 'class="flight-text"'));
  }
  return out.join("");
}

function arrowHead(x1, y1, x2, y2) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1,
    ux = (x2 - x1) / length,
    uy = (y2 - y1) / length;
  const left = [x2 - 6 * ux + 2.6 * uy, y2 - 6 * uy - 2.6 * ux],
    right = [x2 - 6 * ux - 2.6 * uy, y2 - 6 * uy + 2.6 * ux];
  return `M${n1(left[0])} ${n1(left[1])}L${n1(x2)} ${n1(y2)}L${n1(right[0])} ${n1(right[1])}`;
}

function drawExchanges(p) {
  const pixels = new Pixels(),
    out = [];
  const many = model.exchanges.filter((one) => seen(p, one.began, one.row.at) && p.shows(one.row)).length,
    dense = many > 700,
    wash = new Wash();
  for (const one of model.exchanges) {
    if (!seen(p, one.began, one.row.at) || !p.shows(one.row, true)) continue;
    const ends = edges(p, one.node, one.other);
    if (!ends) continue;
    p.counts.exchanges += 1;
    const x1 = p.x(one.began),
      x2 = p.x(one.row.at),
      far = p.lay.y[one.other].middle + (ends[1] > ends[0] ? -4 : 4);
    p.hits.push(
      { x1, y1: ends[0], x2: x1, y2: far, row: one.row, weak: 2 },
      { x1: x2, y1: ends[0], x2, y2: far, row: one.row, weak: 2 },
    );
    const kind = `exchange ${one.row.kind}${one.bad ? " bad" : ""}${isRoutine(one.row) ? " routine" : ""}`;
    if (!pixels.fresh(kind, Math.round(x1), Math.round(x2), ends[0], far)) continue;
    const path = x2 - x1 < 2 ? `M${n1(x2)} ${ends[0]}V${far}` : `M${n1(x1)} ${ends[0]}V${far}H${n1(x2)}V${ends[0]}`;
    if (dense) wash.add(kind, path);
    else out.push(`<path class="${kind}" data-row="${one.row.number}" d="${path}"/>`);
    const text = `${plain(one.row.what)}${one.bad ? ` ${one.row.data.status || one.row.data.outcome || ""}` : ""}`,
      wide = textWidth(text, 10.5) + 8;
    const side = ends[1] > ends[0] ? 18 : -10;
    if (many <= 60 && x2 > GUTTER && x2 + wide < p.right && p.boxes.free(ends[0] + side, x2 + 2, x2 + wide))
      out.push(svgText(x2 + 4, ends[0] + side, text, 'class="flight-text"'));
    if (one.bad && pixels.fresh("mark", Math.round(x2 / 7), far))
      out.push(`<path class="lost-mark" d="M${n1(x2) - 3.5} ${far - 3.5}l7 7m0 -7l-7 7"/>`);
  }
  return wash.drawn() + out.join("");
}

// Rows without an arrow of their own: a small mark on their lane.
function drawMarks(p) {
  const pixels = new Pixels(),
    out = [];
  const [first, last] = p.window();
  for (let i = first; i < last; i += 1) {
    const row = model.rows[i],
      lane = p.lay.y[row.lane];
    if (
      !lane ||
      !["message", "life", "call"].includes(row.kind) ||
      (row.kind === "call" && row.to !== "disk") ||
      !p.shows(row, true)
    )
      continue;
    const x = p.x(row.at),
      y = lane.bottom + 4;
    p.hits.push({ x1: x, y1: y, x2: x, y2: y, row });
    if (!pixels.fresh(row.kind, Math.round(x), lane.top)) continue;
    out.push(
      row.kind === "life"
        ? `<path class="life-mark" data-row="${row.number}" d="M${n1(x)} ${lane.top - 1}l-4 -7h8z"/>`
        : `<line class="tickmark ${row.kind}" x1="${n1(x)}" x2="${n1(x)}" y1="${lane.bottom + 1}" y2="${lane.bottom + 7}"/>`,
    );
  }
  return out.join("");
}

function placeOf(p, row) {
  const lane = p.lay.y[row.lane];
  if (lane) return [p.x(row.at), lane.lane.type === "node" ? lane.bottom + 4 : lane.middle];
  return [p.x(row.at), row.kind === "violation" && p.lay.broken !== undefined ? p.lay.broken + ROW / 2 : p.lay.world];
}

function drawChain(p) {
  const row = p.state.row;
  if (!row) return "";
  const chain = chainOf(row),
    places = chain.map((one) => placeOf(p, one));
  const line = places.map(([x, y], i) => `${i ? "L" : "M"}${n1(clamped(x))} ${y}`).join("");
  const pixels = new Pixels();
  const dots = places
    .map(([x, y], i) =>
      x < GUTTER - 4 || x > p.right + 4 || !(pixels.fresh(Math.round(x / 5), y) || i === chain.length - 1)
        ? ""
        : `<circle class="link" data-row="${chain[i].number}" cx="${n1(x)}" cy="${y}" r="${i === chain.length - 1 ? 6 : 3.5}"/>`,
    )
    .join("");
  const x = n1(p.x(row.at));
  const now = x < GUTTER || x > p.right ? "" : `<line class="now" x1="${x}" x2="${x}" y1="20" y2="${p.lay.height}"/>`;
  return `${now}<g class="chain" role="img" aria-label="Chain of ${chain.length} rows that led to row ${row.number}"><path d="${line}"/>${dots}</g>`;
}

function clamped(x) {
  return Math.max(-5000, Math.min(9000, x));
}
