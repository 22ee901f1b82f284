// Beside the player: what was said, what happened, who took part, the originals, revisions, and why it is here.

import { get, withQuery } from "./api.js";
import { el, facts, fill, table } from "./dom.js";
import { trouble } from "./shell.js";
import { clock, dateTime, position, size } from "./time.js";
import { eventWords, PLACED, plain } from "./words.js";

export function openSide(contact, base) {
  const sheet = el("div", { id: "sheet", role: "tabpanel", tabindex: "0" });
  const tabs = el("div", { id: "tabs", role: "tablist", "aria-label": "About this contact" });
  const state = { timeline: null, player: null, rendition: null, current: -1, marks: [] };
  const sheets = {
    Text: () => said(state), Events: () => happened(state), People: () => people(contact), Originals: () => originals(contact, base, state),
    Revisions: () => revisions(contact, base), Why: () => why(contact),
  };
  let open = "People";
  const show = async (name) => {
    open = name;
    tabs.querySelectorAll("button").forEach((tab) => tab.setAttribute("aria-selected", tab.textContent === name));
    state.marks = [];
    state.current = -1;
    fill(sheet, el("p", { class: "soft busy" }, "…"));
    try {
      const made = await sheets[name]();
      if (open === name) fill(sheet, made);
    } catch (error) {
      fill(sheet, trouble(error));
    }
    sheet.scrollTop = 0;
    if (state.player) moveTo(state.player.ms);
  };
  fill(tabs, Object.keys(sheets).map((name) => el("button", { role: "tab", id: `tab-${name.toLowerCase()}`, onclick: () => show(name), onkeydown: (event) => along(event, tabs) }, name)));
  show(open);

  function moveTo(ms) {
    const now = state.marks.findLastIndex((mark) => mark.ms <= ms);
    const current = now >= 0 && ms < state.marks[now].endMs ? now : -1;
    if (current === state.current) return;
    state.marks[state.current]?.element.removeAttribute("aria-current");
    state.current = current;
    const element = state.marks[current]?.element;
    if (!element) return;
    element.setAttribute("aria-current", "true");
    const top = element.offsetTop, over = top < sheet.scrollTop || top + element.offsetHeight > sheet.scrollTop + sheet.clientHeight;
    if (over) sheet.scrollTo({ top: top - sheet.clientHeight / 3 });
  }
  return {
    element: el("aside", { id: "side", class: "card" }, tabs, sheet),
    moveTo,
    showTimeline(timeline, player, rendition) {
      Object.assign(state, { timeline, player, rendition });
      show(timeline.lines.length ? "Text" : timeline.events.length ? "Events" : open);
    },
  };
}

function along(event, tabs) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.stopPropagation();
  event.preventDefault();
  const all = [...tabs.querySelectorAll("button")];
  all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
}

const notYet = () => el("p", { class: "empty" }, "Shown when the contact is ready for replay.");

// Lines are marked until the next one begins, so that there is always one to read on from.
function marked(state, list, make) {
  const items = list.map((one, index) => {
    const button = el("button", { onclick: () => state.player.seek(one.t_ms) }, el("span", { class: "at" }, position(one.t_ms)), make(one));
    state.marks.push({ ms: one.t_ms, endMs: list[index + 1]?.t_ms ?? Infinity, element: button });
    return el("li", { class: one.kind }, button);
  });
  return el("ol", { id: "said" }, items);
}

function said(state) {
  if (!state.timeline) return notYet();
  if (!state.timeline.lines.length) return el("p", { class: "empty" }, "No chat, captions or transcript came with this contact.");
  return marked(state, state.timeline.lines, (line) => el("span", {}, el("span", { class: "who" }, line.who || "somebody", line.to ? ` to ${line.to}` : ""), el("span", { class: "words" }, line.text)));
}

function happened(state) {
  if (!state.timeline) return notYet();
  if (!state.timeline.events.length) return el("p", { class: "empty" }, "Nothing is known to have happened within this contact.");
  return marked(state, state.timeline.events, (event) => el("span", {}, eventWords(event)));
}

function people(contact) {
  return contact.all_interactions.map((one) => [
    el("h2", {}, one.subject ?? `${plain(one.direction)} ${plain(one.channel)}`),
    facts([["Began", dateTime(one.started)], ["Ended", clock(one.ended)], ["Id", el("span", { class: "mono" }, one.interaction)]]),
    table([["Role", (party) => party.role], ["Who", (party) => [party.name ?? "", party.name && party.number ? el("br") : null, party.number ? el("small", {}, party.number) : null]], ["From", (party) => clock(party.joined), "when"], ["To", (party) => clock(party.left), "when"]], one.parties),
    one.segments.length ? table([["Segment", (part) => plain(part.reason ?? part.segment)], ["From", (part) => clock(part.started), "when"], ["To", (part) => clock(part.ended), "when"]], one.segments) : null,
    facts(Object.entries(one.attributes).map(([name, value]) => [name, value])),
  ]);
}

function originals(contact, base, state) {
  if (!contact.media.length) return el("p", { class: "empty" }, "No file of the service is archived for this contact.");
  const placed = new Map((state.timeline?.originals ?? []).map((one) => [one.media_key, one]));
  const files = contact.media.map((file, number) => {
    const address = (more) => `/api/v1${withQuery(`${base}/media/${number}`, { revision: contact.revision, ...more })}`;
    const one = placed.get(file.media), sound = file.media_type.startsWith("audio/") || file.media_type.startsWith("video/");
    const play = sound ? el("button", { onclick: () => listen(play, address({ replay: String(Date.now()) })) }, "Play") : null;
    return el("div", { class: "original" }, el("strong", {}, file.file_name), ` ${size(file.size_bytes)} · ${file.kind} · ${file.media_type}`,
      one ? el("div", { class: "soft" }, `${PLACED[one.state] ?? one.state}${one.start_ms === null ? "" : `, from ${position(one.start_ms)}`}`, one.problem ? ` — ${one.problem}` : "") : null,
      el("div", { class: "mono" }, `SHA-256 ${file.sha256}`), el("div", { class: "soft" }, `stored ${dateTime(file.stored)} by ${file.stored_by}`),
      el("div", { class: "do" }, el("a", { href: address({ download: true }), download: file.file_name }, "Download"), play));
  });
  const made = state.rendition ? [el("h2", {}, "Rendition"), facts([["Number", String(state.rendition.number)], ["Made", `${dateTime(state.rendition.made)} by ${state.rendition.made_by}`], ["Size", size(state.rendition.size_bytes)]]), el("div", { class: "mono original" }, `SHA-256 ${state.rendition.sha256}`), clocks(state.timeline)] : [];
  return [el("p", { class: "soft" }, "As the service gave them, bit for bit. Each replay and each download is put on record."), files, made];
}

// How exactly sound and screens fit: what was measured of the clocks.
function clocks(timeline) {
  const bound = (one) => (one.error_us === null ? "not measured" : `${(one.ahead_us / 1000).toFixed(1)} ms ahead, ± ${(one.error_us / 1000).toFixed(1)} ms`);
  const desktops = timeline.clocks.desktops.length ? Math.max(...timeline.clocks.desktops.map((one) => one.error_us)) : null;
  return facts([["Service's clock", bound(timeline.clocks.service)], ["Screens placed within", desktops === null ? "" : `± ${(desktops / 1000).toFixed(1)} ms`]]);
}

function listen(button, address) {
  const player = el("audio", { controls: true, autoplay: true, src: address });
  button.replaceWith(player);
  player.addEventListener("error", () => player.replaceWith(el("span", { class: "soft" }, "This browser does not play it: download it.")));
}

async function revisions(contact, base) {
  const { revisions: all } = await get(`${base}/revisions`);
  const brought = (one) => [one.added_interactions.length && `${one.added_interactions.length} conversations`, one.changed_interactions.length && `more of ${one.changed_interactions.length}`, one.added_media.length && `${one.added_media.length} files`].filter(Boolean).join(", ");
  return table([
    ["Revision", (one) => (one.revision === contact.revision ? el("strong", {}, String(one.revision)) : el("a", { href: withQuery("/app/contact", { id: contact.contact, revision: one.revision }) }, String(one.revision)))],
    ["Made", (one) => dateTime(one.updated), "when"], ["By", (one) => one.updated_by ?? ""], ["Brought", brought], ["Files", (one) => String(one.media_files), "number"],
  ], [...all].reverse());
}

async function why(contact) {
  const found = await get("/explain", { key: contact.session });
  return [
    el("p", {}, el("strong", {}, found.verdict)), found.hint ? el("p", { class: "soft" }, found.hint) : null,
    found.facts.length ? el("ul", { class: "story" }, found.facts.map((fact) => el("li", {}, fact.at ? el("span", { class: "at" }, `${dateTime(fact.at)} `) : null, fact.text))) : null,
    found.items.map(({ item, story }) => [
      el("h2", {}, el("span", { class: "mono" }, item.item), " ", el("span", { class: `badge ${item.state === "archived" ? "good" : ""}` }, plain(item.state))),
      el("ul", { class: "story" }, story.map((step) => el("li", {}, el("span", { class: "at" }, `${dateTime(step.at)} ${step.node} `), plain(step.what), step.detail ? el("span", { class: "soft" }, ` ${step.detail}`) : null))),
    ]),
  ];
}
