// The pair as this node sees it, asked anew every second. What is old is grey and says how old.

import { get } from "./api.js";
import { addCommands } from "./commands.js";
import { el, fill, find, refresh } from "./dom.js";
import { deedsTable, findingsList, nodeCard, linkBetween, recoveriesTable, sourcesList } from "./pair_parts.js";
import { agentsTable, namesOf } from "./pair_screens.js";
import { openShell, trouble } from "./shell.js";
import { duration } from "./time.js";

const EVERY_MS = 1000;
const SLOW_EVERY = 5;
const SCREENS_EVERY = 2;
const STALE_MS = 3500;
const known = { cluster: null, sources: [], history: [], audit: [], recoveries: [], agents: null, at: 0, error: null };

function layout() {
  const section = (id, title) => el("section", { id, class: "card" }, el("h2", {}, title), el("div", { class: "in" }));
  fill(find("#page"), el("h1", { class: "hidden-text" }, "The pair"), el("div", { id: "verdict", role: "status" }), el("div", { id: "commands" }), el("div", { id: "nodes" }),
    el("div", { id: "below" },
      el("div", { class: "column" }, section("findings", "Findings"), section("sources", "Sources"), section("recoveries", "Recoveries")),
      el("div", { class: "column" }, section("agents", "Agents and screens"), section("deeds", "Who did what when"))));
}

/** The worst news first, in one sentence. */
export function verdict(cluster, error, ageMs) {
  if (error || ageMs > STALE_MS) return ["bad", `This node does not answer since ${duration(ageMs / 1000)}.`];
  const silent = cluster.nodes.find((node) => node.state === "silent");
  const rest = cluster.nodes.filter((node) => node !== silent);
  if (silent) return ["bad", `${silent.node} is silent. ${cluster.primary ? `${cluster.primary} is primary and goes on alone.` : `${rest[0]?.node ?? "The other"} is not primary.`}`];
  if (!cluster.primary) return ["bad", "No node is primary: nothing is polled now."];
  if (cluster.nodes.length < 2) return ["warn", `${cluster.primary} is primary; no other node was heard of yet.`];
  const other = cluster.nodes.find((node) => node.node !== cluster.primary);
  const unwell = cluster.nodes.filter((node) => node.state === "degraded").map((node) => node.node);
  const told = `${cluster.primary} is primary, ${other.node} stands by.`;
  if (unwell.length) return ["warn", `${told} ${unwell.join(" and ")} degraded.`];
  if (cluster.paused) return ["warn", `${told} Paused: no automatic change of roles until resumed.`];
  if (cluster.findings.some((one) => one.level !== "info")) return ["warn", `${told} There are findings.`];
  return ["good", `${told} All is well.`];
}

function draw() {
  const { cluster, error } = known, ageMs = known.at ? Date.now() - known.at : 0;
  if (!cluster) {
    if (error) fill(find("#verdict"), trouble(error));
    return;
  }
  const isStale = Boolean(error) || ageMs > STALE_MS;
  document.body.classList.toggle("stale", isStale);
  document.querySelectorAll("#commands button").forEach((button) => (button.disabled = isStale));
  const [level, words] = verdict(cluster, error, ageMs);
  const box = find("#verdict");
  box.className = level;
  const others = isStale ? cluster.nodes.filter((node) => node.node !== cluster.seen_by && node.url) : [];
  refresh(box, [words, isStale], () => [
    el("span", {}, words),
    isStale ? el("span", { class: "more" }, "What is shown below is that old. ", others.map((node) => el("a", { href: `${node.url}/app/pair` }, `Look at ${node.node}`))) : null,
    el("span", { class: "age" }),
  ]);
  find(".age", box).textContent = isStale ? "" : `as ${cluster.seen_by} sees it, ${duration(ageMs / 1000)} ago`;
  const [first, second] = cluster.nodes;
  refresh(find("#nodes"), [cluster.nodes, cluster.peer_link, cluster.takeover_ms, known.agents], () => [
    nodeCard(first, cluster, known.agents), linkBetween(cluster, isStale), second ? nodeCard(second, cluster, known.agents) : el("section", { class: "card node empty" }, "No other node was heard of yet."),
  ]);
  const into = (id, state, make) => refresh(find(`#${id} .in`), state, make);
  const names = namesOf(known.agents);
  into("findings", [cluster.findings, [...names]], () => findingsList(cluster.findings, names));
  into("sources", [known.sources, Math.floor(Date.now() / 10000)], () => sourcesList(known.sources));
  into("recoveries", known.recoveries, () => recoveriesTable(known.recoveries));
  into("agents", known.agents, () => agentsTable(known.agents));
  into("deeds", [known.history, known.audit], () => deedsTable(known.history, known.audit, known.who.mayChange));
  document.documentElement.dataset.ready = "pair";
  find("#page").setAttribute("aria-busy", "false");
}

async function ask(turn) {
  const options = { timeoutMs: 3000 };
  try {
    const [cluster, { sources }] = await Promise.all([get("/cluster", {}, options), get("/sources", {}, options)]);
    Object.assign(known, { cluster, sources, at: Date.now(), error: null });
    if (turn % SCREENS_EVERY === 0) known.agents = await get("/agents", {}, options).catch(() => known.agents);
    if (turn % SLOW_EVERY === 0) {
      const some = (promise, name) => promise.then((found) => (known[name] = found[name === "audit" ? "records" : name]), () => undefined);
      await Promise.all([
        some(get("/history", { limit: 50 }, options), "history"), some(get("/recoveries", { limit: 8 }, options), "recoveries"),
        known.who.mayChange ? some(get("/audit", { limit: 60 }, options), "audit") : null,
      ]);
    }
  } catch (error) {
    if (error.status !== 401) known.error = error;
  }
  draw();
}

async function begin() {
  known.who = await openShell("pair");
  layout();
  addCommands(find("#commands"), known);
  // Also while no answer comes: the age of what is shown goes on.
  setInterval(draw, EVERY_MS);
  for (let turn = 0; ; turn += 1) {
    const began = Date.now();
    await ask(turn);
    await new Promise((done) => setTimeout(done, Math.max(100, EVERY_MS - (Date.now() - began))));
  }
}

begin().catch((error) => fill(find("#page"), trouble(error)));
