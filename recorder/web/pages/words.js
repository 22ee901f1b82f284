// Words for what stands in a timeline, and for what a node says.

import { el } from "./dom.js";
import { count } from "./time.js";

const KINDS = {
  ringing: "rings", not_responding: "does not respond", connected: "is connected", conferencing: "begins a conference", consulting: "consults",
  consult_done: "ends the consult", on_hold: "holds", hold_done: "ends the hold", wrap_up: "wraps up", ended: "the call ends", available: "is available",
  mask: "recording is blocked", unmask: "recording goes on", joined: "joins", left: "leaves", segment_began: "a segment begins", segment_ended: "a segment ends",
  recording_began: "a recording begins", recording_ended: "a recording ends",
};

const SERVICES = { dynamics: "Dynamics 365", webex: "Webex Calling", zoom: "Zoom Meetings" };

/** What the service behind a kind of source calls itself. */
export const service = (kind) => SERVICES[kind] ?? kind;

export const plain = (word) => word.replaceAll("_", " ");

/** A word of the node as a coloured mark; `kinds` maps words to colours. */
export const badge = (word, kinds) => el("span", { class: `badge ${kinds[word] ?? ""}` }, plain(word));

/** 1 file, 2 files */
export const some = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export function eventWords(event) {
  const words = KINDS[event.kind] ?? plain(event.kind);
  return [event.who, words, event.detail && `(${plain(event.detail)})`].filter(Boolean).join(" ");
}

/** What each screen is called: by its agent, and by its desktop where an agent has several. */
export function screenTitles(screens) {
  const plainOnes = screens.map((screen) => `Screen ${screen.name || (screens.length > 1 ? screen.number : "")}`.trim());
  return plainOnes.map((title, index) => (plainOnes.filter((one) => one === title).length > 1 ? `${title} (${screens[index].desktop || screens[index].number})` : title));
}

/** Of an original: what became of it in the rendition. */
export const PLACED = { placed: "on the timeline", beside: "plays beside the rendition", cut: "on the timeline as far as it can be read", broken: "cannot be read", left_out: "not on the timeline" };
