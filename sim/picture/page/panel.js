// Title, the chosen row with its causes, the rows around it, legend and heat map: real elements.
function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

function rowLink(row, text) {
  return make("a", { href: `#row-${row.number}`, className: "row-link" }, text);
}

function showTitle() {
  byId("title").textContent = source.title;
  const broken = source.report
    ? source.report.violations
    : model.violations.map((row) => ({
        promise: row.what,
        what: row.data.text || "",
        items: row.data.items || [],
        at_s: row.at / 1e9,
      }));
  const verdict = byId("verdict"),
    judged = source.report !== null || broken.length > 0;
  verdict.textContent = !judged
    ? "Not judged"
    : broken.length
      ? `✕ ${broken.length} broken ${broken.length === 1 ? "promise" : "promises"}`
      : "✓ Every promise kept";
  verdict.className = !judged ? "open" : broken.length ? "bad" : "good";
  byId("story").textContent = source.story;
  const facts = [
    ["Seed", source.seed],
    ["Digest", source.report && source.report.digest],
    ["Trace of", source.header.origin],
    ["Build", source.header.build],
    ["Began", wall(source.header.began_us)],
    ["Length", long(model.end)],
    ["Rows", model.rows.length],
  ];
  for (const [name, value] of facts) {
    if (value !== null && value !== undefined && value !== "")
      byId("facts").append(make("div", {}, make("dt", {}, name), make("dd", {}, String(value))));
  }
  const faults = source.faults.length ? source.faults : model.faults.map((span) => span.text);
  const rowOfFault = (text, i) =>
    (model.faults.filter((span) => span.text === text)[faults.slice(0, i).filter((one) => one === text).length] || {})
      .row;
  const words = byId("faults-in-words");
  words.append(
    make("h2", {}, "Faults"),
    faults.length
      ? make(
          "ol",
          {},
          ...faults.map((text, i) =>
            make(
              "li",
              {},
              rowOfFault(text, i) ? rowLink(rowOfFault(text, i), text) : text,
              make("span", { className: "when" }, ` ${source.rules[text.split(" ")[0]] || ""}`),
            ),
          ),
        )
      : make("p", {}, "None."),
  );
  broken.forEach((one) => {
    const row =
      model.violations.find((seen) => seen.what === one.promise && (seen.data.text || "") === one.what) ||
      model.violations.find((seen) => seen.what === one.promise);
    const text = `${plain(one.promise)} at ${clock(one.at_s * 1e9)}: ${one.what}${one.items.length ? ` (${one.items.slice(0, 5).join(", ")}${one.items.length > 5 ? ", …" : ""})` : ""}`;
    byId("broken").append(make("li", {}, row ? rowLink(row, text) : text));
  });
}

function listOf(rows, most, current) {
  const list = make("ol", { className: "rows" });
  for (const row of rows.slice(0, most)) {
    const item = make(
      "li",
      { className: `kind-${row.kind}` },
      rowLink(row, say(row)),
      make("span", { className: "when" }, ` ${clock(row.at)} · ${laneName(row.lane)}`),
    );
    if (row === current) item.setAttribute("aria-current", "true");
    list.append(item);
  }
  return list;
}

function showPanel() {
  const row = state.row,
    panel = byId("panel");
  panel.replaceChildren();
  if (!row) {
    panel.append(
      make("h2", {}, "No row chosen"),
      make("p", {}, "Click into the picture, or press → to begin at the first row."),
    );
    return;
  }
  panel.append(make("h2", { id: "chosen" }, say(row)));
  const chain = chainOf(row),
    effects = model.effects.get(row.number) || [];
  const frame = model.frames.find((one) => one.sent === row || one.ended === row);
  const facts = [
    ["Time", `${clock(row.at, 6)} after the start`],
    ["Wall clock", wall(source.header.began_us + row.at / 1000)],
    ["Where", laneName(row.lane)],
    ["Kind", KIND_NAMES[row.kind] || row.kind],
    ["Actor", row.actor],
  ];
  if (row.kind === "fault" && source.rules[row.what]) panel.append(make("p", {}, source.rules[row.what]));
  const table = make("dl", { className: "facts" });
  for (const [name, value] of facts) if (value) table.append(make("dt", {}, name), make("dd", {}, value));
  for (const [name, value] of Object.entries(row.data)) {
    if (value === null || value === undefined || name === "began_ns") continue;
    const shown =
      name.endsWith("_us") && value > 1e14
        ? wall(value)
        : name === "offered_ns"
          ? `${clock(value - model.origin, 6)} after the start`
          : typeof value === "object"
            ? JSON.stringify(value)
            : String(value);
    const keys = ["key", "item", "items"].includes(name)
      ? (model.ofRow.get(row.index) || []).filter((key) => key !== state.item).slice(0, 8)
      : [];
    const only = keys.map((key) =>
      make(
        "button",
        { type: "button", className: "only", onclick: () => setItem(key) },
        name === "items" ? `only ${short(key)}` : "only this item",
      ),
    );
    table.append(
      make("dt", {}, plain(name.replace(/^(offered)_ns$|^(changed)_us$/, "$1$2"))),
      make("dd", {}, name === "items" && keys.length ? `${value.length}:` : shown, " ", ...only),
    );
  }
  panel.append(table);
  if (frame && frame.sent && frame.ended) {
    const other = frame.sent === row ? frame.ended : frame.sent;
    panel.append(
      make(
        "p",
        {},
        frame.sent === row ? (frame.lost ? "Lost: " : "Arrives: ") : "Sent: ",
        rowLink(
          other,
          `${clock(other.at)}, ${long(frame.ended.at - frame.sent.at)} ${frame.sent === row ? "later" : "before"}`,
        ),
      ),
    );
  }
  panel.append(make("h3", {}, `What led here (${chain.length - 1})`));
  const causes = listOf(chain, 400, row);
  causes.id = "chain";
  panel.append(
    chain.length > 1 ? causes : make("p", {}, row.cause < 0 ? "No cause is known." : "The cause is not in this trace."),
  );
  panel.append(make("h3", {}, `What came of it (${effects.length})`));
  if (effects.length) panel.append(listOf(effects, 12));
  if (effects.length > 12) panel.append(make("p", {}, `and ${effects.length - 12} more`));
  panel.append(
    make("h3", {}, "In the trace"),
    make("p", {}, rowLink(row, `row ${row.number}`), `, line ${row.index + 2} of the trace file`),
    make("pre", { id: "raw" }, rawRow(row)),
  );
  const now = causes.querySelector("[aria-current]");
  if (now) causes.scrollTop = now.offsetTop;
}

const AROUND = 11;

function showRows() {
  const body = byId("rows").tBodies[0],
    start = state.row ? state.row.index : 0;
  const before = nearRows(start, -1, AROUND).reverse(),
    after = nearRows(start, 1, 2 * AROUND - before.length);
  const rows = [...before, ...(model.rows[start] ? [model.rows[start]] : []), ...after];
  body.replaceChildren(
    ...rows.map((row) => {
      const line = make(
        "tr",
        { "data-row": row.number, className: `kind-${row.kind}` },
        make("td", {}, String(row.index + 2)),
        make("td", {}, clock(row.at, 6)),
        make("td", {}, laneName(row.lane)),
        make("td", {}, KIND_NAMES[row.kind] || row.kind),
        make("td", {}, rowLink(row, say(row))),
      );
      if (row === state.row) line.setAttribute("aria-selected", "true");
      line.addEventListener("click", () => choose(row));
      return line;
    }),
  );
}

function nearRows(index, step, most) {
  const found = [];
  for (let i = index + step; i >= 0 && i < model.rows.length && found.length < most; i += step)
    if (steppable(model.rows[i])) found.push(model.rows[i]);
  return found;
}

const LEGEND = [
  ["role-primary", "primary"],
  ["role-secondary", "secondary"],
  ["role-candidate", "candidate"],
  ["role-handing_over", "handing over"],
  ["role-starting", "starting"],
  ["role-faulted", "faulted"],
  ["down", "no process"],
  ["paused", "paused"],
];

function showLegend() {
  const entry = (inside, text) => {
    const li = make("li", {});
    li.innerHTML = `<svg width="30" height="16" aria-hidden="true">${inside}</svg>`;
    li.append(text);
    return li;
  };
  const used = new Set([
    ...model.roles.map((span) => `role-${span.role}`),
    ...Object.values(model.lives)
      .flat()
      .map((span) => span.type),
  ]);
  const bands = LEGEND.filter(([kind]) => used.has(kind)).map(([kind, text]) =>
    entry(`<rect class="band ${kind}" x="1" y="2" width="28" height="12"/>`, text),
  );
  const lines = [
    entry('<path class="frame news" d="M2 3L26 13M20 13L26 13L23 7.5"/>', "frame"),
    entry('<path class="frame routine" d="M4 2L10 14M12 2L18 14M20 2L26 14"/>', "heartbeats"),
    entry(
      '<path class="frame lost" d="M2 2L16 9"/><path class="lost-mark" d="M12 5l8 8m0 -8l-8 8"/>',
      "lost or failed",
    ),
    entry('<path class="exchange request" d="M5 15V4H24V15"/>', "request"),
    entry('<path class="exchange call" d="M5 1V12H24V1"/>', "call"),
  ];
  if (model.faults.length)
    lines.push(entry('<rect class="fault" x="1" y="2" width="28" height="12" rx="2"/>', "fault"));
  if (model.violations.length)
    lines.push(entry('<path class="broken-mark" d="M15 1l7 7l-7 7l-7 -7z"/>', "broken promise"));
  const marks = model.lanes.nodes.map((node, i) =>
    entry(`<path class="mark-line node-${i}" d="M1 13L13 4V13L28 2"/>`, `watermark, ${node}`),
  );
  const shapes = [
    ["offered", "offered"],
    ["found", "on its way"],
    ["buffered", "buffered"],
    ["archived", "archived"],
    ["failed", "failed"],
    ["gone", "gone"],
    ["changed", "changed"],
  ];
  const whats = new Set(model.rows.filter((row) => row.kind === "item").map((row) => row.what));
  const steps = shapes
    .filter(([what]) => whats.has(what))
    .map(([what, text]) =>
      entry(`<g class="thread ${what}"><line x1="2" x2="28" y1="8" y2="8"/>${stepShape(what, 15, 8, 3.5)}</g>`, text),
    );
  byId("legend").append(...bands, ...lines, ...(model.marks.length ? marks : []), ...steps);
}

function signed(value) {
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${+Math.abs(value).toFixed(3)} s`;
}

function showHeat() {
  const box = byId("heat"),
    { heat } = source;
  if (!heat) {
    box.hidden = true;
    return;
  }
  box.append(
    make("h2", {}, "Fatal windows"),
    make(
      "p",
      {},
      `The same run with one fault moved or stretched, ${heat.runs} runs. ✕ and the number of broken promises; · for every promise kept; the thick frame is the run above.${heat.left_out ? ` ${heat.left_out} faults left out.` : ""}`,
    ),
  );
  for (const one of heat.faults) {
    const head = make(
      "tr",
      {},
      make("th", { scope: "col" }, "lasts \\ strikes"),
      ...one.instants.map((at) =>
        make(
          "th",
          { scope: "col" },
          `${+at.toFixed(3)} s`,
          make("small", {}, at === one.at_s ? "as it was" : signed(at - one.at_s)),
        ),
      ),
    );
    const lines = one.durations.map((length, line) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, length ? `${+length.toFixed(3)} s` : "a moment"),
        ...one.instants.map((at, column) => {
          const broken = one.broken[line * one.instants.length + column],
            own = at === one.at_s && length === one.for_s;
          const said = `at ${+at.toFixed(3)} s${length ? ` for ${+length.toFixed(3)} s` : ""}: ${broken.length ? `broken ${broken.map(plain).join(", ")}` : "every promise kept"}`;
          return make(
            "td",
            {
              className: `${broken.length ? `fatal fatal-${Math.min(broken.length, 3)}` : "kept"}${own ? " own" : ""}`,
              title: said,
              "aria-label": said,
            },
            broken.length ? `✕ ${broken.length}` : "·",
          );
        }),
      ),
    );
    const all = [...new Set(one.broken.flat())].sort();
    box.append(
      make(
        "div",
        { className: "scroll" },
        make(
          "table",
          { className: "heat" },
          make("caption", {}, one.fault),
          make("thead", {}, head),
          make("tbody", {}, ...lines),
        ),
      ),
      make(
        "p",
        { className: "heat-words" },
        all.length ? `Breaks somewhere: ${all.map(plain).join(", ")}.` : "Breaks nothing anywhere on this grid.",
      ),
    );
  }
}
