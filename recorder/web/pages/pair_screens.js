// Agents, and which node records whose screen: this node's own picture, and the other one's as it last told it.

import { el, table } from "./dom.js";
import { clock, count, dateTime, duration } from "./time.js";
import { badge, plain, some } from "./words.js";

const AGENTS_MAX = 30;
const ORDER = { recording: 0, masked: 0, idle: 1 };

const at = (told, node) => (told?.screens ?? []).find((one) => one.node === node);
const age = (one) => (one.told_seconds_ago === undefined ? "" : `${duration(one.told_seconds_ago)} ago`);
const recorded = (one) => one.desktops.filter((desktop) => desktop.streaming).length;

/** What agents are called, by their ids. */
export const namesOf = (told) => new Map((told?.agents ?? []).filter((one) => one.name).map((one) => [one.agent, one.name]));

/** A sentence of the node with the names of agents for their ids; what it said itself is in the title. */
export function withNames(text, names) {
  const words = text.split(" ").map((word) => names.get(word) ?? word).join(" ");
  return words === text ? text : el("span", { title: text }, words);
}

const sourceOf = (agent) => agent.slice(0, agent.indexOf("/"));
const who = (one) => (one.name ? el("span", { title: one.agent }, one.name, el("span", { class: "soft" }, ` ${sourceOf(one.agent)}`)) : one.agent);
const called = (one) => one.name ?? one.agent;

/** For the card of a node: how many screens it records; null where that is not known. */
export function screensFigure(told, node) {
  const one = at(told, node);
  if (!one || one.state === "unknown" || (one.state === "silent" && one.told_seconds_ago === undefined)) return null;
  const words = `${count(recorded(one))} recorded`;
  return one.state === "live" ? words : el("span", { class: "soft" }, `${words} ${age(one)}`);
}

function sentence(one) {
  const told = one.told_seconds_ago !== undefined, here = `${count(recorded(one))} of ${some(one.desktops.length + one.more, "desktop")}`;
  const words = {
    live: `${one.node} records ${here}.`,
    old: `${one.node} told nothing of its screens for ${age(one).replace(" ago", "")}; then it recorded ${here}.`,
    silent: told ? `${one.node} is silent. When last heard, ${age(one)}, it recorded ${here}; its desktops go on with the other node.` : `${one.node} is silent and told nothing of its screens.`,
    unknown: `${one.node} told nothing of its screens: it just started, records none, or is older.`,
  };
  return el("p", { class: one.state === "live" ? "soft" : "aged" }, words[one.state] ?? "", one.stopped ? el("span", { class: "wrong" }, ` It records nothing now: ${one.stopped}.`) : null);
}

// An agent's desktop is where it is connected now; what a silent node said of one that came here meanwhile is over.
function placed(told) {
  const places = new Map();
  for (const one of [...told.screens].sort((a, b) => rank(told, a) - rank(told, b))) {
    for (const desktop of one.desktops) for (const agent of desktop.agents) if (!places.has(agent)) places.set(agent, { ...desktop, node: one.node, state: one.state, age: age(one) });
  }
  return places;
}

const rank = (told, one) => (one.node === told.node ? 0 : one.state === "live" ? 1 : 2);

function screenWords(agent, place) {
  if (!place) return agent.state === "idle" ? "" : "no desktop is connected";
  if (place.state !== "live") return el("span", { class: "soft" }, `${place.streaming ? "was recorded by" : "was at"} ${place.node}, ${place.age}`);
  if (place.masked && place.streaming) return `blocked at ${place.node}`;
  return place.streaming ? `recorded by ${place.node}` : `${place.desktop} at ${place.node} waits`;
}

export function agentsTable(told) {
  if (!told) return el("p", { class: "soft" }, "Not told yet.");
  const places = placed(told), known = new Set(told.agents.map((one) => one.agent));
  const only = [...places.keys()].filter((agent) => !known.has(agent)).map((agent) => ({ agent, state: "idle", legs: [] }));
  const agents = [...told.agents, ...only].sort((a, b) => ORDER[a.state] - ORDER[b.state] || called(a).localeCompare(called(b)) || (a.agent < b.agent ? -1 : 1));
  const problem = told.problem ? el("p", { class: "wrong" }, told.problem) : null;
  const nodes = told.screens.map(sentence);
  if (!agents.length) return [...nodes, problem, el("p", { class: "soft" }, "No event of an agent was heard lately, and no desktop is connected.")];
  const rows = table([
    ["Agent", who, "agent"], ["State", (one) => badge(one.state, { recording: "main", masked: "warn" })], ["Screen", (one) => screenWords(one, places.get(one.agent))],
    ["Last", (one) => (one.last_event ? el("span", { title: dateTime(one.last_event_at) }, `${plain(one.last_event)} ${clock(one.last_event_at)}`) : "")],
  ], agents.slice(0, AGENTS_MAX));
  return [...nodes, problem, el("div", { class: "wide" }, rows), agents.length > AGENTS_MAX ? el("p", { class: "soft" }, `and ${count(agents.length - AGENTS_MAX)} more: tandem agent list`) : null];
}
