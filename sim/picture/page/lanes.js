// Axis, lanes, bands of roles, lives, faults and broken promises.
function drawAxis(p) {
  const out = [];
  for (const gap of p.scale.gaps) {
    const from = Math.max(p.x(gap.from), GUTTER),
      to = Math.min(p.x(gap.to), p.right);
    if (to - from < 3 || p.state.mode !== "idle") continue;
    out.push(`<rect class="gap" x="${n1(from)}" y="4" width="${n1(to - from)}" height="${p.lay.height - 4}"/>`);
    const text = `… ${long(gap.to - gap.from)}`;
    if (textWidth(text, 10) < to - from)
      out.push(svgText((from + to) / 2, p.lay.height - 2, text, 'class="gap-text" text-anchor="middle"'));
  }
  for (const tick of ticksOf(p.scale, p.view, p.lay.inner, 92)) {
    const x = n1(GUTTER + tick.x);
    out.push(`<line class="grid" x1="${x}" x2="${x}" y1="22" y2="${p.lay.height}"/>`);
    if (x + 24 < p.right + RIGHT)
      out.push(svgText(x, 15, clock(tick.at, tick.digits), 'class="tick" text-anchor="middle"'));
  }
  out.push(svgText(8, 15, "min:s", 'class="strip-name"'));
  return out.join("");
}

function drawStripNames(p) {
  return p.lay.strips
    .map((strip) => svgText(8, strip.y + Math.min(14, strip.height), strip.name, 'class="strip-name"'))
    .join("");
}

function drawPlaces(p) {
  return model.lanes.all
    .filter((lane) => lane.type !== "node")
    .map(
      (lane) =>
        `<rect class="place" x="${GUTTER}" y="${p.lay.y[lane.id].top + 5}" width="${p.lay.inner}" height="${BAND - 10}" rx="3"/>`,
    )
    .join("");
}

function drawLanes(p) {
  return model.lanes.all
    .map((lane) => {
      const y = p.lay.y[lane.id];
      const inside = lane.type === "node" ? drawBands(p, lane.id, y) : "";
      return (
        `<g class="lane" role="group" data-lane="${esc(lane.id)}" aria-label="${esc(lane.name)}">` +
        svgText(8, y.middle + 4, fitted(lane.name, GUTTER - 12, 13), 'class="lane-name"') +
        inside +
        "</g>"
      );
    })
    .join("");
}

function drawBands(p, node, y) {
  const out = [`<rect class="no-life" x="${GUTTER}" y="${y.top}" width="${p.lay.inner}" height="${BAND}"/>`];
  for (const span of model.roles) {
    if (span.node !== node || span.to <= span.from) continue;
    const name = plain(span.role),
      term = span.term === null || span.term === undefined ? "" : ` · term ${span.term}`;
    out.push(drawSpan(p, y, span, `band role-${span.role}`, [`${name}${term}`, name], `${node} is ${name}${term}`));
  }
  for (const span of model.lives[node]) {
    if (span.type === "paused")
      out.push(drawSpan(p, { ...y, top: y.top + BAND - 7 }, span, "band paused", [], `${node} is paused`, 7));
    if (span.type === "paused") out.push(spanLabel(p, span, y.bottom + 10, "paused"));
    if (span.type === "down") out.push(drawSpan(p, y, span, "band down", ["no process", "down"], `${node} is down`));
  }
  return out.join("");
}

function drawSpan(p, y, span, kind, texts, words, height = BAND) {
  const from = Math.max(p.x(span.from), GUTTER),
    to = Math.min(p.x(span.to), p.right);
  if (to <= GUTTER || from >= p.right) return "";
  const width = Math.max(to - from, 1.5);
  p.hits.push({ x1: from, y1: y.top + height / 2, x2: to, y2: y.top + height / 2, row: span.row, weak: height / 2 });
  const label = texts.find((text) => textWidth(text) + 10 < width);
  const said = `${words}, from ${clock(span.from)} to ${clock(span.to)}`;
  return (
    `<rect class="${kind}" role="img" aria-label="${esc(said)}" data-row="${span.row.number}" x="${n1(from)}" y="${y.top}" width="${n1(width)}" height="${height}"/>` +
    (label
      ? svgText(
          from + width / 2,
          y.top + BAND / 2 + 4,
          label,
          `class="band-text ${kind.split(" ")[1]}-text" text-anchor="middle"`,
        )
      : "")
  );
}

function spanLabel(p, span, y, text) {
  const from = Math.max(p.x(span.from), GUTTER),
    to = Math.min(p.x(span.to), p.right);
  return textWidth(text, 10) < to - from ? svgText((from + to) / 2, y, text, 'class="small" text-anchor="middle"') : "";
}

function drawFaults(p) {
  const out = [],
    labels = new Labels();
  for (const span of model.faults)
    labels.free(p.lay.faultRows.row.get(span), p.x(span.from), Math.max(p.x(span.to), p.x(span.from) + 3) - 0.1);
  for (const span of model.faults) {
    const x1 = p.x(span.from),
      x2 = p.x(span.to),
      line = p.lay.faultRows.row.get(span),
      y = p.lay.faults + line * ROW;
    if (x2 < GUTTER || x1 > p.right) continue;
    const from = Math.max(x1, GUTTER),
      to = Math.min(Math.max(x2, x1 + 3), p.right);
    p.hits.push({ x1: from, y1: y + 8, x2: to, y2: y + 8, row: span.row });
    out.push(
      `<rect class="fault-zone" x="${n1(from)}" y="${p.lay.laneTop - 6}" width="${n1(Math.max(to - from, 1))}" height="${p.lay.laneBottom - p.lay.laneTop + 6}"/>`,
    );
    out.push(
      `<rect class="fault" role="img" aria-label="${esc(say(span.row))}" data-row="${span.row.number}" x="${n1(from)}" y="${y + 1}" width="${n1(to - from)}" height="${ROW - 4}" rx="2"/>`,
    );
    const wide = textWidth(span.text, 11) + 16;
    if (wide < to - from) out.push(svgText(from + 10, y + 12, span.text, 'class="fault-text"'));
    else if (to + wide < p.right && labels.free(line, to, to + wide))
      out.push(svgText(to + 5, y + 12, span.text, 'class="fault-side"'));
    else if (from - wide > GUTTER && labels.free(line, from - wide, from))
      out.push(svgText(from - 5, y + 12, span.text, 'class="fault-side" text-anchor="end"'));
    else out.push(svgText(from + 4, y + 12, fitted(span.text, to - from - 8, 11), 'class="fault-text"'));
  }
  return out.join("");
}

function drawBroken(p) {
  const labels = new Labels(),
    out = [];
  for (const row of model.violations) {
    const x = p.x(row.at),
      y = p.lay.broken + ROW / 2;
    if (x < GUTTER - 8 || x > p.right + 8) continue;
    p.hits.push({ x1: x, y1: y, x2: x, y2: y, row });
    out.push(`<line class="broken-line" x1="${n1(x)}" x2="${n1(x)}" y1="${y}" y2="${p.lay.height - 12}"/>`);
    out.push(
      `<path class="broken-mark" role="img" aria-label="${esc(say(row))}" data-row="${row.number}" d="M${n1(x)} ${y - 8}l8 8l-8 8l-8 -8z"/>`,
    );
    const text = plain(row.what),
      wide = textWidth(text, 12) + 6;
    if (x - 12 - wide > GUTTER && labels.free("broken", x - 12 - wide, x + 10))
      out.push(svgText(x - 12, y + 4, text, 'class="broken-text" text-anchor="end"'));
    else if (x + 12 + wide < p.right && labels.free("broken", x - 8, x + 12 + wide))
      out.push(svgText(x + 12, y + 4, text, 'class="broken-text"'));
  }
  return out.join("");
}
