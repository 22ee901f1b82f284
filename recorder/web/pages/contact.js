// The page of one contact: loads what is known of it, has it made replayable, and puts the parts together.

import { get, part, withQuery } from "./api.js";
import { el, facts, fill, find } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { openLanes } from "./lanes.js";
import { openPlayer } from "./player.js";
import { whenReady } from "./readiness.js";
import { openShell, trouble } from "./shell.js";
import { openSide } from "./side.js";
import { clock, dateTime, duration, size, zoneShort } from "./time.js";
import { plain } from "./words.js";

const asked = new URLSearchParams(location.search);
const id = asked.get("id") ?? "";
const revision = asked.get("revision") ?? "";

async function begin() {
  await openShell("");
  if (!id) throw new Error("No contact is named: open one from the list.");
  const contact = await get(`/contacts/${part(id)}`, { revision });
  const base = `/contacts/${part(contact.contact)}`;
  document.title = `Tandem · ${contact.subject ?? (contact.parties.join(", ") || contact.contact)}`;
  const side = openSide(contact, base);
  fill(find("#page"), head(contact), el("div", { id: "grid" }, el("div", { id: "play" }, el("section", { id: "making", class: "card", role: "status" }, "Looking for its rendition …")), side.element));
  find("#page").setAttribute("aria-busy", "false");
  document.documentElement.dataset.ready = "contact";
  if (!contact.media_files && contact.revision === contact.newest_revision) {
    // Screens may still be there without any file of the service: the node decides.
    fill(find("#making"), "No file of the service is archived for this contact. Looking for screens …");
  }
  await whenReady(base, find("#making"), (rendition) => show(rendition, contact, base, side));
}

async function show(rendition, contact, base, side) {
  const place = `${base}/renditions/${rendition.number}`;
  const [timeline, peaks] = await Promise.all([get(`${place}/timeline`), get(`${place}/peaks`).catch(() => null)]);
  const replay = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const player = openPlayer({ timeline, contact, base, place, replay });
  const lanes = openLanes({ timeline, peaks, player });
  fill(find("#play"), notes(timeline), player.stage, player.transport, lanes.element);
  side.showTimeline(timeline, player, rendition);
  lanes.begin();
  player.onTime((ms) => {
    lanes.moveTo(ms);
    side.moveTo(ms);
  });
  listenToKeys(player, timeline);
  const start = Number(asked.get("t"));
  if (start > 0) player.seek(start * 1000);
  window.tandemPlayer = player.media;
  document.documentElement.dataset.ready = "player";
}

function head(contact) {
  const lasted = contact.started && contact.ended ? duration((Date.parse(contact.ended) - Date.parse(contact.started)) / 1000) : "";
  const title = contact.subject ?? (contact.parties.length ? contact.parties.join(", ") : contact.contact);
  const isOld = contact.revision !== contact.newest_revision;
  return el("section", { id: "head" },
    el("h1", {}, title),
    el("div", {}, el("button", { class: "quiet", onclick: () => (history.length > 1 ? history.back() : location.assign("/app/")) }, "← Back to the list")),
    facts([
      ["Began", contact.started ? `${dateTime(contact.started)} ${zoneShort(contact.started)}` : "not told"], ["Ended", clock(contact.ended)], ["Lasted", lasted],
      ["Who", contact.subject ? contact.parties.join(", ") : ""], ["Kind", [contact.direction, plain(contact.channel)].filter(Boolean).join(" ")],
      ["Source", contact.source], ["Originals", `${contact.media_files}, ${size(contact.size_bytes)}`],
      ["Contact", el("span", { class: "mono" }, contact.contact)], ["Revision", `${contact.revision} of ${contact.newest_revision}`],
    ]),
    isOld ? el("p", { class: "notice" }, `This is how the contact was in revision ${contact.revision}. `, el("a", { href: withQuery("/app/contact", { id: contact.contact }) }, "Show the newest")) : null);
}

function notes(timeline) {
  if (!timeline.notes.length) return null;
  return el("div", { class: "notice", role: "note" }, timeline.notes.map((note) => el("p", {}, note.what || note.code)));
}

begin().catch((error) => fill(find("#page"), trouble(error), el("p", {}, el("a", { href: "/app/" }, "Back to the list"))));
