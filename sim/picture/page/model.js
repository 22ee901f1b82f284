// The trace as objects: rows, lanes, and what belongs together (frames, lives, roles, faults, items).
const source = JSON.parse(document.getElementById("trace").textContent);
const FINAL = new Set(["archived", "gone", "not_recordable"]);
const AFTERWARDS = new Set(["changed", "replaced", "deleted"]);
const DIES = new Set(["crashed", "powered_off", "stopped"]);
const ROUTINE = new Set(["Heartbeat", "renew", "MarksMoved", "BeatDue", "TickDue", "Ping", "Pong", "shared"]);

function makeModel(trace) {
  const words = trace.words,
    origin = trace.header.began_ns;
  const rows = trace.rows.map((r, index) => ({
    index,
    number: r[0],
    at: r[1] - origin,
    lane: words[r[2]],
    kind: words[r[3]],
    what: words[r[4]],
    actor: words[r[5]],
    to: words[r[6]],
    cause: r[7],
    data: r[8] || {},
  }));
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  const effects = new Map();
  for (const row of rows) {
    if (row.cause >= 0) listed(effects, row.cause).push(row);
  }
  const end = rows.reduce((latest, row) => Math.max(latest, row.at), 1);
  const lanes = lanesOf(rows, trace);
  const found = { rows, byNumber, effects, end, lanes, origin, ...itemsOf(rows, byNumber, origin) };
  found.frames = framesOf(rows);
  found.exchanges = exchangesOf(rows, lanes, origin);
  found.lives = livesOf(rows, lanes, end);
  found.roles = rolesOf(rows, lanes, found.lives, end);
  found.faults = faultsOf(rows, end);
  found.marks = marksOf(rows, trace.header);
  found.violations = rows.filter((row) => row.kind === "violation");
  return found;
}

function listed(map, key) {
  let list = map.get(key);
  if (!list) map.set(key, (list = []));
  return list;
}

function isService(lane) {
  return lane === "service" || lane.startsWith("service");
}

function lanesOf(rows, trace) {
  const seen = new Set();
  for (const row of rows) {
    seen.add(row.lane);
    if (row.to) seen.add(row.to);
  }
  const services = [...seen].filter(isService).sort();
  const strangers = new Set(["world", "disk", "data_center", ...services]);
  const others = [...seen].filter((lane) => !strangers.has(lane) && /^[\w.-]+$/.test(lane)).sort();
  const nodes = [...new Set([...trace.nodes, ...others])];
  const all = [
    ...services.map((id) => ({ id, type: "service", name: id === "service" ? "Service" : id })),
    ...nodes.map((id) => ({ id, type: "node", name: id })),
  ];
  if (seen.has("data_center")) all.push({ id: "data_center", type: "centre", name: "Data Center" });
  return { all, nodes, services, centre: seen.has("data_center") };
}

function framesOf(rows) {
  const open = new Map(),
    frames = [];
  for (const row of rows) {
    if (row.kind === "sent") {
      const frame = { sent: row, ended: null, lost: false, from: row.lane, to: row.to, what: row.what };
      open.set(row.data.frame, frame);
      frames.push(frame);
    } else if (row.kind === "received" || row.kind === "lost") {
      const frame = open.get(row.data.frame);
      const lost = row.kind === "lost";
      if (frame && !frame.ended) {
        frame.ended = row;
        frame.lost = lost;
        if (!frame.to && !lost) frame.to = row.lane;
      } else if (frame) {
        frames.push({ ...frame, ended: row, lost, again: true });
      } else {
        frames.push({
          sent: null,
          ended: row,
          lost,
          from: lost ? row.lane : row.to,
          to: lost ? row.to : row.lane,
          what: row.what,
        });
      }
    }
  }
  return frames;
}

// Requests to a service and calls to the Data Center: there, and back.
function exchangesOf(rows, lanes, origin) {
  const kinds = { request: lanes.services[0], call: lanes.centre ? "data_center" : undefined };
  return rows
    .filter((row) => row.kind in kinds && row.to !== "disk")
    .map((row) => {
      const ends = [row.lane, row.to].filter(Boolean);
      const node = ends.find((lane) => lanes.nodes.includes(lane)) || "";
      const other = ends.find((lane) => lane !== node) || kinds[row.kind];
      const began = row.data.began_ns === undefined ? row.at : row.data.began_ns - origin;
      const { status, outcome } = row.data;
      const bad = status === undefined ? outcome !== undefined && outcome !== "ok" : status === 0 || status >= 400;
      return { row, node, other, began: Math.min(began, row.at), bad };
    });
}

function livesOf(rows, lanes, end) {
  const lives = {};
  for (const node of lanes.nodes) {
    const spans = [];
    let alive = null,
      paused = null;
    const close = (at) => {
      if (alive) spans.push({ type: "alive", from: alive.at, to: at, row: alive });
      if (paused) spans.push({ type: "paused", from: paused.at, to: at, row: paused });
      alive = paused = null;
    };
    const mine = rows.filter((row) => row.kind === "life" && row.lane === node);
    let dead = null;
    for (const row of mine) {
      if (row.what === "started") {
        close(row.at);
        if (dead) spans.push({ type: "down", from: dead.at, to: row.at, row: dead });
        dead = null;
        alive = row;
      } else if (DIES.has(row.what)) {
        close(row.at);
        if (!dead) dead = row;
      } else if (row.what === "paused" && !paused) {
        paused = row;
      } else if (row.what === "resumed" && paused) {
        spans.push({ type: "paused", from: paused.at, to: row.at, row: paused });
        paused = null;
      }
    }
    close(end);
    if (dead) spans.push({ type: "down", from: dead.at, to: end, row: dead });
    lives[node] = spans;
  }
  return lives;
}

function rolesOf(rows, lanes, lives, end) {
  const spans = [];
  for (const node of lanes.nodes) {
    const changes = rows.filter((row) => row.lane === node && row.kind === "role");
    const downs = lives[node].filter((span) => span.type === "down");
    for (const span of lives[node]) {
      if (span.type === "alive" && !changes.some((row) => row.at === span.from)) {
        spans.push({ node, role: "starting", term: null, from: span.from, to: end, row: span.row });
      }
    }
    for (const row of changes) spans.push({ node, role: row.what, term: row.data.term, from: row.at, to: end, row });
    const mine = spans
      .filter((span) => span.node === node)
      .sort((a, b) => a.from - b.from || a.row.index - b.row.index);
    mine.forEach((span, index) => {
      const next = mine[index + 1] ? mine[index + 1].from : end;
      const dies = downs
        .filter((down) => down.from >= span.from && down.row.index > span.row.index)
        .map((down) => down.from);
      span.to = Math.min(next, ...dies);
    });
  }
  return spans;
}

function faultsOf(rows, end) {
  const open = new Map(),
    spans = [];
  for (const row of rows) {
    if (row.kind !== "fault") continue;
    const number = row.data.number;
    if (row.data.phase === "end") {
      const span = open.get(number);
      if (span) {
        span.to = row.at;
        span.ended = row;
        open.delete(number);
      }
    } else {
      const span = {
        row,
        from: row.at,
        to: end,
        ended: null,
        text: row.data.text || row.what,
        target: row.data.target || "",
      };
      spans.push(span);
      open.set(number, span);
    }
  }
  // Whatever lasts is ended, by the world's healing at the latest: the others were over at once.
  for (const span of open.values()) span.to = span.from;
  return spans;
}

function marksOf(rows, header) {
  const lines = new Map();
  for (const row of rows) {
    if (row.kind !== "watermark" || row.data.watermark_us === undefined || row.data.watermark_us === null) continue;
    const key = `${row.lane} · ${row.data.source || ""}`;
    if (!lines.has(key)) lines.set(key, { key, node: row.lane, source: row.data.source || "", points: [] });
    lines.get(key).points.push({ row, at: row.at, behind: (header.began_us - row.data.watermark_us) / 1e6 });
  }
  return [...lines.values()];
}

function itemsOf(rows, byNumber, origin) {
  const items = new Map(),
    ofRow = new Map();
  for (const row of rows) {
    if (row.kind !== "item" || !row.data.key) continue;
    if (!items.has(row.data.key))
      items.set(row.data.key, { key: row.data.key, source: row.data.source || "", steps: [], rows: [] });
    items.get(row.data.key).steps.push(row);
  }
  for (const row of rows) {
    const names = namesIn(row, byNumber).filter((name) => items.has(name));
    if (names.length) ofRow.set(row.index, names);
    for (const name of names) items.get(name).rows.push(row);
  }
  for (const item of items.values()) {
    const { offered_ns: offered } = item.steps[0].data;
    item.from = offered === undefined ? item.steps[0].at : Math.min(offered - origin, item.steps[0].at);
    item.done = item.steps.find((row) => FINAL.has(row.what)) || null;
    item.until = Math.max(
      ...item.steps
        .filter((row) => !item.done || row.index <= item.done.index || AFTERWARDS.has(row.what))
        .map((row) => row.at),
    );
    item.last = item.done || item.steps[item.steps.length - 1];
  }
  return { items, ofRow };
}

// The keys of the items a row speaks of. Frames name them as source/key@version.
function namesIn(row, byNumber) {
  if (row.kind === "item") return [row.data.key];
  const sent = row.kind === "lost" ? byNumber.get(row.data.sent) : undefined;
  const { item, items } = (sent || row).data;
  return [item, ...(Array.isArray(items) ? items : [])]
    .filter((name) => typeof name === "string")
    .map((name) => {
      const from = name.indexOf("/"),
        to = name.lastIndexOf("@");
      return from >= 0 && to > from ? name.slice(from + 1, to) : name;
    });
}

function chainOf(row) {
  const chain = [row],
    seen = new Set([row.number]);
  let at = row;
  while (at.cause >= 0 && !seen.has(at.cause) && model.byNumber.has(at.cause)) {
    at = model.byNumber.get(at.cause);
    seen.add(at.number);
    chain.push(at);
  }
  return chain.reverse();
}

function isRoutine(row) {
  return ROUTINE.has(row.what) && row.kind !== "lost";
}

const model = makeModel(source);
