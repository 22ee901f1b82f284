// Rows, instants and spans in words.
function esc(value) {
  return String(value).replace(
    /[&<>"']/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c],
  );
}

function clock(ns, digits = 3) {
  const sign = ns < 0 ? "-" : "",
    s = Math.abs(ns) / 1e9;
  const unit = 10 ** digits,
    whole = Math.round(s * unit) / unit;
  const h = Math.floor(whole / 3600),
    m = Math.floor(whole / 60) % 60;
  const rest = (whole - 60 * Math.floor(whole / 60)).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return `${sign}${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${rest}`;
}

function long(ns) {
  const s = Math.abs(ns) / 1e9;
  if (s === 0) return "0 s";
  if (s < 1e-3) return `${+(s * 1e6).toPrecision(3)} µs`;
  if (s < 1) return `${+(s * 1e3).toPrecision(3)} ms`;
  if (s < 120) return `${+s.toPrecision(s < 10 ? 3 : 4)} s`;
  return s < 7200 ? `${+(s / 60).toFixed(1)} min` : `${+(s / 3600).toFixed(1)} h`;
}

function wall(us) {
  const whole = Math.floor(us / 1000);
  return `${new Date(whole).toISOString().slice(0, 23).replace("T", " ")} UTC`;
}

function laneName(id) {
  const lane = model.lanes.all.find((one) => one.id === id);
  return lane ? lane.name : id === "world" ? "World" : id;
}

function plain(word) {
  return String(word).replace(/_/g, " ");
}

function short(key) {
  return key.length > 13 ? `${key.slice(0, 8)}…${key.slice(-3)}` : key;
}

function took(row) {
  return row.data.began_ns === undefined ? "" : `, took ${long(row.at + model.origin - row.data.began_ns)}`;
}

const SAY = {
  life: (row) =>
    `${laneName(row.lane)} ${{ started: "starts", crashed: "crashes", powered_off: "loses power", paused: "is paused", resumed: "runs again", stopped: "stops" }[row.what] || row.what}`,
  fault: (row) =>
    `${row.data.phase === "end" ? "Fault ends" : "Fault"}: ${row.data.text || `${row.what} ${row.data.target || ""}`}`,
  message: (row) => `${row.actor || laneName(row.lane)} handles ${row.what}`,
  role: (row) =>
    `${laneName(row.lane)} is ${plain(row.what)}${row.data.term === undefined ? "" : `, term ${row.data.term}`}${row.data.reason ? `: ${row.data.reason}` : ""}`,
  sent: (row) => `${laneName(row.lane)} sends ${row.what}${row.to ? ` to ${laneName(row.to)}` : ""}`,
  received: (row) => `${laneName(row.lane)} receives ${row.what}${row.to ? ` from ${laneName(row.to)}` : ""}`,
  lost: (row) => `${row.what} is lost${row.data.why ? `: ${row.data.why}` : ""}`,
  request: (row) =>
    `${laneName(row.lane)} asks for ${row.what}: ${row.data.status === undefined ? "no answer" : row.data.status}${took(row)}`,
  call: (row) =>
    `${laneName(row.lane)} ${row.to === "disk" ? "writes to its disk" : "calls the Data Center"}, ${plain(row.what)}: ${row.data.outcome || "done"}${took(row)}`,
  item: (row) => `${short(row.data.key || "item")} ${plain(row.what)}`,
  watermark: (row) =>
    `Watermark of ${row.data.source || "the source"}: ${row.data.watermark_us ? `${long((source.header.began_us - row.data.watermark_us) * 1e3 + row.at)} behind` : "none"}`,
  violation: (row) => `Broken: ${plain(row.what)}${row.data.text ? ` — ${row.data.text}` : ""}`,
};

function say(row) {
  return (SAY[row.kind] || ((one) => `${one.kind} ${one.what}`))(row);
}

const KIND_NAMES = {
  life: "Lives of nodes",
  fault: "Faults",
  message: "Messages in a node",
  role: "Roles",
  sent: "Frames sent",
  received: "Frames received",
  lost: "Frames lost",
  request: "Requests to a service",
  call: "Calls to Data Center, disk",
  item: "Items",
  watermark: "Watermarks",
  violation: "Broken promises",
};

function rawRow(row) {
  const raw = { number: row.number, at_ns: row.at + model.origin, lane: row.lane, kind: row.kind, what: row.what };
  if (row.actor) raw.actor = row.actor;
  if (row.to) raw.to = row.to;
  if (row.cause >= 0) raw.cause = row.cause;
  if (Object.keys(row.data).length) raw.data = row.data;
  return JSON.stringify(raw);
}
