// The parts of the pair's page, each made from what the API says.

import { el, facts, table } from "./dom.js";
import { clock, count, dateTime, day, duration, zoneShort } from "./time.js";
import { screensFigure, withNames } from "./pair_screens.js";
import { badge, plain, service } from "./words.js";

const ROLE = { primary: "main", handing_over: "warn", candidate: "warn", secondary: "", faulted: "bad", starting: "warn" };
const STATE = { running: "good", degraded: "warn", silent: "bad", unknown: "bad" };
const LEVEL = { error: "bad", warning: "warn", info: "" };

export function nodeCard(node, cluster, agents) {
  const figures = [
    ["Term", node.term], ["Since", node.since && el("span", { title: dateTime(node.since) }, `${day(node.since)} ${clock(node.since)}`)], ["Lag", node.lag_seconds !== undefined ? duration(node.lag_seconds) : null],
    ["In hand", node.queue_depth !== undefined ? `${node.queue_depth} of ${node.queue_depth_max ?? "?"}` : null], ["Found", count(node.found)], ["Archived", count(node.archived)],
    ["Screens", screensFigure(agents, node.node)], ["Heard", node.heard_seconds_ago !== undefined ? `${duration(node.heard_seconds_ago)} ago` : null], ["Build", node.build],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  const isHere = node.node === cluster.seen_by;
  return el("section", { class: `card node ${node.role ?? ""} ${node.state}`, id: `node-${node.node}`, "aria-label": `Node ${node.node}` },
    el("h2", {}, node.node, node.role ? badge(node.role, ROLE) : null, badge(node.state, STATE), node.paused ? badge("paused", { paused: "warn" }) : null,
      isHere ? el("small", { class: "soft" }, "this node") : node.url ? el("a", { href: `${node.url}/app/pair` }, "its own page") : null),
    node.state === "silent" ? el("p", { class: "soft" }, `Not heard for ${duration(node.heard_seconds_ago)}: its figures are from then. Stopped, frozen, or cut off.`) : null,
    el("dl", { class: "figures" }, figures.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    node.problems.length ? el("ul", { class: "problems" }, node.problems.map((one) => el("li", {}, one))) : null);
}

export function linkBetween(cluster, isStale) {
  const words = { alive: "they hear each other", suspect: "beats are late", dead: "no beat is heard", unknown: "never heard" };
  const took = cluster.takeover_ms;
  return el("div", { class: `link ${isStale ? "unknown" : cluster.peer_link}`, id: "link" }, el("strong", {}, `link ${cluster.peer_link}`), el("span", { class: "line" }), el("span", {}, words[cluster.peer_link] ?? ""),
    took ? el("span", { title: "From the last sign of the other node to the first poll here" }, `last takeover ${duration(took / 1000)}`) : null);
}

export function findingsList(findings, names) {
  if (!findings.length) return el("p", { class: "soft" }, "None: nothing is known to be wrong.");
  return el("ul", {}, findings.map((one) => el("li", {}, badge(one.level, LEVEL), " ", el("strong", {}, one.subject ? [withNames(one.subject, names), ": "] : ""), withNames(one.what, names),
    el("div", { class: "hint" }, [one.hint, one.since && `since ${dateTime(one.since)}`].filter(Boolean).join(" · ")))));
}

export function sourcesList(sources) {
  if (!sources.length) return el("p", { class: "soft" }, "No source is configured.");
  const now = Date.now();
  return sources.map((one) => el("div", { class: "source", id: `source-${one.source}` },
    el("header", {}, el("strong", {}, one.source), el("span", { class: "soft", title: `kind = "${one.kind}"` }, service(one.kind)), badge(one.state, { polling: "good", standby: "" }),
      one.lag_seconds !== undefined ? el("span", {}, `lag ${duration(one.lag_seconds)}`) : null, one.watermark ? el("span", { class: "soft" }, `everything archived up to ${dateTime(one.watermark)}`) : null),
    coverage(one, now),
    facts([
      ["Pending", String(one.pending)], ["Failed", one.failed ? String(one.failed) : ""], ["Parked", one.parked ? String(one.parked) : ""], ["Polls", count(one.polls)],
      ["Last poll", one.last_poll_seconds_ago !== undefined ? `${duration(one.last_poll_seconds_ago)} ago` : ""], ["Clock", one.clock_offset_ms !== undefined ? `${Math.round(one.clock_offset_ms)} ms` : ""],
      ["Budget", one.budget ? budget(one.budget) : ""],
    ]),
    one.last_error ? el("p", { class: "wrong" }, one.last_error) : null, one.next_step ? el("p", { class: "soft" }, one.next_step) : null));
}

function budget(one) {
  const quiet = one.quiet_seconds > 0 ? `, quiet for ${duration(one.quiet_seconds)}` : "";
  return `${count(one.used)} of ${count(one.limit)} calls in ${duration(one.per_seconds)}${one.throttled ? `, throttled ${count(one.throttled)} times` : ""}${quiet}`;
}

// What is covered without a gap, over the last day or the whole of it when that is less.
function coverage(source, now) {
  if (!source.coverage.length) return null;
  const begin = Math.max(Date.parse(source.coverage[0].begin), now - 86400000), whole = Math.max(1, now - begin);
  const bars = source.coverage.map((period) => {
    const from = Math.max(begin, Date.parse(period.begin)), to = Math.min(now, Date.parse(period.end)), bar = el("i", { title: `${dateTime(period.begin)} – ${dateTime(period.end)}` });
    Object.assign(bar.style, { left: `${((from - begin) / whole) * 100}%`, width: `${(Math.max(0, to - from) / whole) * 100}%` });
    return to > from ? bar : null;
  });
  const gaps = source.coverage.length - 1;
  return [el("div", { class: "coverage", role: "img", "aria-label": `covered from ${dateTime(source.coverage[0].begin)} with ${gaps === 1 ? "1 gap" : `${gaps} gaps`}` }, bars.filter(Boolean)),
    el("div", { class: "scale" }, el("span", {}, dateTime(new Date(begin))), el("span", {}, gaps ? `${gaps} gap${gaps > 1 ? "s" : ""}` : "no gap"), el("span", {}, "now"))];
}

export function recoveriesTable(recoveries) {
  if (!recoveries.length) return el("p", { class: "soft" }, "None was asked for.");
  const STATUS = { completed: "good", running: "main", failed: "bad", stopped: "warn" };
  return table([
    ["Recovery", (row) => el("span", { class: "mono" }, row.recovery)], ["Source", (row) => row.source],
    ["Status", (row) => el("span", {}, badge(row.status, STATUS), row.dry_run ? " dry run" : "", row.status === "running" ? progress(row.progress) : null)],
    ["Period", (row) => (row.period ? `${dateTime(row.period.begin)} – ${dateTime(row.period.end)}` : `${count(row.ids)} ids`)],
    ["Missing", (row) => count(row.counts.detected), "number"], ["Recovered", (row) => count(row.counts.recovered), "number"], ["Failed", (row) => count(row.counts.failed), "number"],
    ["By", (row) => row.requested_by],
  ], recoveries);
}

function progress(one) {
  const bar = el("i");
  bar.style.width = `${Math.round(one.share * 100)}%`;
  return el("div", { class: "progress", role: "img", "aria-label": `${one.phase}, ${Math.round(one.share * 100)} %` }, bar);
}

export function deedsTable(history, audit, mayRead) {
  const roles = history.map((row) => ({ at: row.at, node: row.node, who: "the pair", what: `${plain(row.old)} → ${plain(row.new)}, term ${row.term}`, why: row.reason }));
  const deeds = audit.filter((row) => !row.what.endsWith("_ordered") && row.what !== "role_changed").map((row) => ({ at: row.at, node: row.node, who: row.actor, what: `${plain(row.what)} ${row.subject === row.node ? "" : row.subject}`, why: row.detail.message ?? "" }));
  const all = [...roles, ...deeds].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 80);
  const rows = table([[`When (${zoneShort()})`, (row) => dateTime(row.at), "when"], ["Node", (row) => row.node], ["Who", (row) => row.who], ["What", (row) => el("span", { title: row.why }, row.what, row.why ? el("span", { class: "soft" }, ` ${row.why}`) : null), "what"]], all);
  if (!all.length) return el("p", { class: "soft" }, "Nothing yet.");
  return [el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Who did what when" }, rows), mayRead ? null : el("p", { class: "soft" }, "Changes of roles only: the audit trail is for admins.")].filter(Boolean);
}
