// Finds contacts. Everything that is asked for stands in the address, so that a link or the way back shows the same.

import { get, withQuery } from "./api.js";
import { el, fill, find, isWriting, table } from "./dom.js";
import { openShell, trouble } from "./shell.js";
import { count, dateTime, duration, fieldText, size, typedInstant, zoneShort } from "./time.js";
import { plain, some } from "./words.js";

const LIMIT = 50;
/** So many answers of a tenth of a second each are waited for; then whoever asked decides. */
const STEPS_MAX = 8;
const WORDS = ["text", "agent", "number", "source", "from", "to", "after"];
const OTHERS = { inbound: "in", outbound: "out", internal: "internal" };
let chosen = -1, asked = null;

const isAsked = (now) => Object.values(now).some(Boolean);
const asks = () => Object.fromEntries(WORDS.map((word) => [word, new URLSearchParams(location.search).get(word) ?? ""]));

function form() {
  const now = asks();
  const field = (name, title, more = {}) => el("label", { class: more.type ? "time" : null }, title, el("input", { name, value: now[name], ...more }));
  return el("form", { id: "find", role: "search", onsubmit: submit },
    field("text", "Anything: name, number, id, or how it begins", { autofocus: true, type: null }),
    field("agent", "Agent"), field("number", "Number"),
    el("label", {}, "Source", el("select", { name: "source", onchange: submit }, choices([]))),
    field("from", `From (${zoneShort()})`, { type: "datetime-local", value: fieldText(now.from) }),
    field("to", `To (${zoneShort()})`, { type: "datetime-local", value: fieldText(now.to) }),
    el("button", { class: "main", type: "submit" }, "Find"),
    el("button", { type: "button", onclick: () => go({}) }, "Clear"));
}

function choices(sources) {
  const now = asks().source;
  return ["", ...new Set([...sources, now])].filter((name, index) => name || !index).map((name) => el("option", { value: name, selected: name === now }, name || "all"));
}

function submit(event) {
  event.preventDefault();
  const fields = new FormData(find("#find"));
  const value = (name) => (fields.get(name) ?? "").trim();
  go({ text: value("text"), agent: value("agent"), number: value("number"), source: value("source"), from: typedInstant(value("from")), to: typedInstant(value("to")) });
}

function go(query) {
  history.pushState(null, "", withQuery("/app/", query));
  for (const name of ["text", "agent", "number", "source"]) find(`#find [name=${name}]`).value = query[name] ?? "";
  for (const name of ["from", "to"]) find(`#find [name=${name}]`).value = fieldText(query[name] ?? "");
  show();
}

async function show() {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked, began = performance.now(), now = asks();
  find("#page").setAttribute("aria-busy", "true");
  try {
    const page = await whole(now, signal);
    list(page, now, performance.now() - began);
  } catch (error) {
    if (signal.aborted) return;
    fill(find("#found"), trouble(error));
    fill(find("#count"));
  }
  find("#page").setAttribute("aria-busy", "false");
}

// A search for what is rare among much is answered in steps, so that none of them keeps the node long.
async function whole(now, signal) {
  const contacts = [];
  let after = now.after, page;
  for (let step = 0; step < STEPS_MAX && (!step || (after && contacts.length < LIMIT)); step += 1) {
    page = await get("/contacts", { ...now, after, limit: LIMIT - contacts.length, patient: false }, { signal });
    contacts.push(...page.contacts);
    after = page.next;
    if (after && page.searched_to && contacts.length < LIMIT) fill(find("#count"), el("span", { class: "busy" }, `looked back to ${dateTime(page.searched_to)}, ${contacts.length} found so far …`));
  }
  return { contacts, next: after, searchedTo: after && contacts.length < LIMIT ? page.searched_to : null };
}

function list(page, now, tookMs) {
  chosen = -1;
  if (!page.contacts.length && page.searchedTo) fill(find("#found"), el("p", { class: "empty" }, `Nothing so far, back to ${dateTime(page.searchedTo)}.`));
  else if (!page.contacts.length) fill(find("#found"), el("p", { class: "empty" }, now.after ? "There is nothing older." : isAsked(now) ? ["Nothing here is like that. “Why is it not here?” on the command line: ", el("code", {}, "tandem item why ID --ask-source")] : "No contact is on record yet."));
  else fill(find("#found"), table(COLUMNS, page.contacts, { "aria-label": "Contacts, newest first" }));
  find("#found").querySelectorAll("tbody tr").forEach((row, index) => {
    row.addEventListener("click", (event) => event.target.closest("a") || location.assign(address(page.contacts[index])));
  });
  fill(find("#count"),
    el("span", { id: "told" }, `${some(page.contacts.length, "contact")} in ${Math.round(tookMs)} ms`),
    page.searchedTo ? el("span", { id: "partial" }, `back to ${dateTime(page.searchedTo)}; more may exist before. Narrow the period, or`) : null,
    now.after ? el("button", { onclick: () => history.back() }, "Newer") : null,
    page.next ? el("button", { id: "older", onclick: () => older(page.next) }, page.searchedTo ? "Look further back" : "Older") : null,
    el("span", { class: "keys" }, el("kbd", {}, "/"), " find  ", el("kbd", {}, "↑"), el("kbd", {}, "↓"), " choose  ", el("kbd", {}, "Enter"), " open"));
  document.documentElement.dataset.ready = "list";
}

function older(next) {
  history.pushState(null, "", withQuery("/app/", { ...asks(), after: next }));
  show();
}

const address = (row) => withQuery("/app/contact", { id: row.contact });
const lasted = (row) => (row.started && row.ended ? duration((Date.parse(row.ended) - Date.parse(row.started)) / 1000) : "");
const COLUMNS = [
  [() => `Began (${zoneShort()})`, (row) => el("a", { href: address(row) }, dateTime(row.started ?? row.ended)), "when"],
  ["Lasted", lasted, "number"],
  ["Source", (row) => row.source],
  ["Kind", (row) => [OTHERS[row.direction] ?? row.direction, plain(row.channel)].filter(Boolean).join(" "), "when"],
  ["Who", (row) => el("span", { title: row.parties.join(", ") }, row.parties.join(", ")), "parties"],
  ["Subject", (row) => row.subject ?? "", "parties"],
  ["Files", (row) => String(row.media_files), "number"],
  ["Size", (row) => size(row.size_bytes), "number"],
  ["Id", (row) => el("span", { class: "mono", title: `${row.contact}, session ${row.session}` }, row.contact.slice(0, 12)), "id"],
];

function key(event) {
  if (event.key === "/" && !isWriting(event)) {
    event.preventDefault();
    find("#find [name=text]").focus();
    return;
  }
  const rows = [...document.querySelectorAll("#found tbody tr")], step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !rows.length || event.target.matches("select, input[type=datetime-local]")) return;
  event.preventDefault();
  chosen = Math.max(0, Math.min(rows.length - 1, chosen + step));
  rows.forEach((row, index) => row.setAttribute("aria-selected", index === chosen));
  rows[chosen].querySelector("a").focus();
}

async function begin() {
  await openShell("search");
  const page = find("#page");
  fill(page, el("h1", { class: "hidden-text" }, "Contacts"), form(), el("div", { id: "count", role: "status" }), el("section", { id: "found", class: "card" }));
  document.addEventListener("keydown", key);
  addEventListener("popstate", show);
  get("/sources").then(({ sources }) => fill(find("#find [name=source]"), choices(sources.map((one) => one.source))), () => undefined);
  await show();
}

begin().catch((error) => fill(find("#page"), trouble(error)));
