// Watermarks as lines, items as threads.
const STEP_MARK = {
  offered: "ring",
  listed: "dot",
  found: "dot",
  assigned: "dot",
  buffered: "box",
  archived: "disc",
  failed: "cross",
  parked: "cross",
  gone: "bar",
  not_recordable: "bar",
  deleted: "bar",
  replaced: "diamond",
  changed: "diamond",
};

function stepShape(what, x, y, r) {
  const at = `${n1(x)} ${n1(y)}`;
  switch (STEP_MARK[what]) {
    case "ring":
      return `<circle class="step ring" cx="${n1(x)}" cy="${n1(y)}" r="${r}"/>`;
    case "disc":
      return `<circle class="step disc" cx="${n1(x)}" cy="${n1(y)}" r="${r + 1}"/>`;
    case "box":
      return `<rect class="step box" x="${n1(x - r)}" y="${n1(y - r)}" width="${2 * r}" height="${2 * r}"/>`;
    case "diamond":
      return `<path class="step ring" d="M${at}m0 ${-r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z"/>`;
    case "cross":
      return `<path class="step cross" d="M${at}m${-r} ${-r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}"/>`;
    case "bar":
      return `<path class="step bar" d="M${at}m0 ${-r - 1}v${2 * r + 2}"/>`;
    default:
      return `<circle class="step dot" cx="${n1(x)}" cy="${n1(y)}" r="${r * 0.6}"/>`;
  }
}

function drawThreads(p) {
  const out = [],
    labels = new Labels(),
    height = p.lay.threadHeight,
    r = height > 10 ? 3.2 : 2;
  for (const item of model.items.values()) {
    const dim = p.state.item && p.state.item !== item.key;
    const line = p.lay.threadRows.row.get(item),
      y = p.lay.threads + line * height + height / 2;
    const x1 = p.x(item.from),
      x2 = item.done ? p.x(item.done.at) : p.right;
    if (dim || x2 < GUTTER - 4 || x1 > p.right) continue;
    p.counts.items += 1;
    const from = Math.max(x1, GUTTER),
      to = Math.min(x2, p.right),
      last = item.last;
    const said = `${item.key}: ${item.done ? `${plain(item.done.what)} ${long(item.done.at - item.from)} after it was offered` : `open, ${plain(last.what)}`}`;
    p.hits.push({ x1: from, y1: y, x2: to, y2: y, row: last, weak: 2 });
    const beyond = [];
    out.push(
      `<g class="thread ${item.done ? item.done.what : "open"}" role="img" data-item="${esc(item.key)}" aria-label="${esc(said)}"><line x1="${n1(from)}" x2="${n1(to)}" y1="${n1(y)}" y2="${n1(y)}"/>`,
    );
    for (const row of item.steps) {
      const x = row === item.steps[0] ? x1 : p.x(row.at);
      if (x < GUTTER - 3 || x > p.right + 3 || (item.done && row.index > item.done.index && !AFTERWARDS.has(row.what)))
        continue;
      p.hits.push({ x1: x, y1: y, x2: x, y2: y, row });
      if (height > 10 || !["dot", "box"].includes(STEP_MARK[row.what])) out.push(stepShape(row.what, x, y, r));
      if (x > to + 1) beyond.push(x);
    }
    const text =
        item.done && item.done.what !== "archived" ? `${short(item.key)} ${plain(item.done.what)}` : short(item.key),
      wide = textWidth(text, 10) + 4;
    const end = Math.max(to, ...beyond),
      after = beyond.some((x) => x < to + 12 + wide) ? end : to;
    if (height > 10 && after + 6 + wide < p.right && labels.free(line, from - 4, Math.max(end, after + 6 + wide)))
      out.push(svgText(after + 7, y + 3.5, text, 'class="thread-text"'));
    else if (height > 10 && from - 6 - wide > GUTTER && labels.free(line, from - 6 - wide, end + 4))
      out.push(svgText(from - 7, y + 3.5, text, 'class="thread-text" text-anchor="end"'));
    else labels.free(line, from - 4, end + 4);
    out.push("</g>");
  }
  return out.join("");
}

// The chosen item, through the lanes: from the service over the nodes into the Data Center.
function drawPath(p) {
  const item = model.items.get(p.state.item);
  if (!item) return "";
  const steps = item.done ? item.steps.filter((row) => row.index <= item.done.index) : item.steps;
  const places = steps.map((row, i) => [i ? p.x(row.at) : p.x(item.from), laneY(p.lay, row.lane), row]);
  if (item.done && p.lay.y.data_center) places.push([p.x(item.done.at), laneY(p.lay, "data_center"), item.done]);
  const out = [`<path d="${places.map(([x, y], i) => `${i ? "L" : "M"}${n1(clamped(x))} ${y}`).join("")}"/>`];
  for (const [x, y, row] of places) {
    if (x < GUTTER || x > p.right) continue;
    out.push(stepShape(row.what, x, y, 4));
    const text = plain(row.what),
      wide = textWidth(text, 12) + 4;
    const slot = [y - BAND / 2 - 4, y + BAND / 2 + 12].find(
      (at) => x + wide < p.right && p.boxes.free(at, x, x + wide),
    );
    if (slot !== undefined) out.push(svgText(x + 2, slot, text, 'class="path-text"'));
  }
  return `<g class="path" role="img" data-item="${esc(item.key)}" aria-label="${esc(`Way of ${item.key}`)}">${out.join("")}</g>`;
}

function drawWatermarks(p) {
  const strip = p.lay.strips.find((one) => one.id === "marks"),
    out = [];
  const behind = (point, at) => Math.max(0, point.behind + at / 1e9);
  const lines = model.marks.map((line) => {
    const points = [];
    const start = p.scale.toT(p.view.from),
      stop = p.scale.toT(p.view.to);
    line.points.forEach((point, i) => {
      const next = line.points[i + 1] || { at: model.end };
      if (next.at < start || point.at > stop) return;
      const a = Math.max(point.at, start),
        b = Math.min(next.at, stop);
      points.push([p.x(a), behind(point, a)], [p.x(b), behind(point, b)]);
      p.hits.push({ x1: p.x(a), y1: 0, x2: p.x(a), y2: 0, row: point.row, mark: [line, behind(point, a)] });
    });
    return { line, points };
  });
  const most = Math.max(1, ...lines.flatMap((line) => line.points.map((point) => point[1])));
  const y = (value) => strip.y + strip.height - (value / most) * (strip.height - 6);
  for (const hit of p.hits) if (hit.mark) hit.y1 = hit.y2 = y(hit.mark[1]);
  out.push(svgText(8, strip.y + 28, "behind now", 'class="small"'));
  out.push(
    `<line class="base" x1="${GUTTER}" x2="${p.right}" y1="${strip.y + strip.height}" y2="${strip.y + strip.height}"/>`,
  );
  out.push(
    svgText(GUTTER - 6, y(most) + 4, long(+most.toPrecision(2) * 1e9), 'class="tick" text-anchor="end"'),
    svgText(GUTTER - 6, y(0) + 3, "0", 'class="tick" text-anchor="end"'),
  );
  for (const { line, points } of lines) {
    if (!points.length) continue;
    const place = model.lanes.nodes.indexOf(line.node);
    out.push(
      `<path class="mark-line node-${place}" role="img" data-line="${esc(line.key)}" aria-label="${esc(`Watermark of ${line.key}`)}" d="${points.map(([x, value], i) => `${i ? "L" : "M"}${n1(x)} ${n1(y(value))}`).join("")}"/>`,
    );
  }
  return out.join("");
}
