// Everything that has a place in time, in lanes below one ruler; a click goes there.

import { el } from "./dom.js";
import { position } from "./time.js";
import { drawWave } from "./wave.js";
import { eventWords, screenTitles } from "./words.js";

const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const TICKS_MAX = 12;

export function openLanes({ timeline, peaks, player }) {
  const whole = Math.max(1, timeline.duration_ms);
  const share = (ms) => `${(Math.max(0, Math.min(whole, ms)) / whole) * 100}%`;
  const waveTrack = el("div", { class: "track" });
  const cursor = el("div", { id: "cursor" });
  const seek = (event) => event.target === event.currentTarget && player.seek(((event.clientX - event.currentTarget.getBoundingClientRect().left) / event.currentTarget.clientWidth) * whole);

  const span = ([from, to, name, words, title]) => {
    const element = el("button", { class: `span ${name}`, title: title ?? words, onclick: () => player.seek(from ?? 0) }, words);
    Object.assign(element.style, { left: share(from ?? 0), width: `calc(${share(to ?? whole)} - ${share(from ?? 0)})` });
    return element;
  };
  const lane = (name, spans, more = "") => (spans.length ? el("div", { class: `row ${more}` }, el("div", { class: "name", title: name }, name), el("div", { class: "track", onclick: seek }, spans)) : null);
  const rows = [
    el("div", { class: "row ruler" }, el("div", { class: "name" }, "Time"), el("div", { class: "track", onclick: seek }, ruler(timeline, share))),
    el("div", { class: timeline.has_audio ? "row wave" : "row wave silent" }, el("div", { class: "name" }, timeline.has_audio ? [el("span", { class: "left" }, "left"), el("span", { class: "right" }, "right")] : "Sound"), waveTrack),
    ...lanesOf(timeline).map(([name, spans]) => lane(name, spans.map(span))),
    lane("Events", timeline.events.filter((event) => event.t_ms >= 0 && event.t_ms <= whole).map((event) => {
      const words = `${position(event.t_ms)} ${eventWords(event)}`;
      const mark = el("button", { class: `event ${event.agent ? "agent" : ""} ${event.kind}`, "aria-label": words, title: words, onclick: () => player.seek(event.t_ms) });
      mark.style.left = share(event.t_ms);
      return mark;
    }), "events"),
  ];
  const element = el("section", { id: "time", class: "card", "aria-label": "Timeline" }, rows, cursor);
  return {
    element,
    async begin() {
      await drawWave(waveTrack, peaks, timeline, player);
      const veil = (one, name, title) => {
        const shade = el("div", { class: `veil ${name}`, title });
        Object.assign(shade.style, { left: share(one.start_ms), width: `calc(${share(one.end_ms)} - ${share(one.start_ms)})` });
        return shade;
      };
      waveTrack.append(...timeline.quiet.map((one) => veil(one, "quiet", "nothing recorded")), ...timeline.masks.map((one) => veil(one, "mask", "blocked for payment data")));
      new ResizeObserver(() => this.moveTo(player.ms)).observe(waveTrack);
    },
    moveTo(ms) {
      const left = waveTrack.offsetLeft;
      cursor.style.left = `${left + (Math.min(ms, whole) / whole) * waveTrack.clientWidth}px`;
    },
  };
}

function ruler(timeline, share) {
  const seconds = timeline.duration_ms / 1000;
  const step = TICKS.find((one) => seconds / one <= TICKS_MAX) ?? 7200;
  const ticks = [];
  for (let at = 0; at < seconds * 0.97; at += step) {
    const tick = el("span", { class: at ? "tick" : "tick first" }, position(at * 1000));
    tick.style.left = share(at * 1000);
    ticks.push(tick);
  }
  return ticks;
}

function lanesOf(timeline) {
  const lanes = new Map();
  const add = (name, spans) => lanes.set(name, [...(lanes.get(name) ?? []), ...spans]);
  const partyOf = new Map(timeline.parties.map((party) => [party.key, party.name || party.number || party.key]));
  const titles = screenTitles(timeline.screens);
  for (const [index, screen] of timeline.screens.entries()) {
    add(titles[index], screen.stretches.map((one) => [one.start_ms, one.end_ms, "screen", `${one.width}×${one.height}`, `screen of ${screen.agents.join(", ") || screen.desktop}`]));
  }
  add("Blocked", timeline.masks.map((one) => [one.start_ms, one.end_ms, "mask", "blocked", `blocked for payment data: ${one.agent}`]));
  const calls = [...new Set(timeline.segments.map((one) => one.interaction_key))];
  for (const one of timeline.segments) {
    const who = one.party_keys.map((key) => partyOf.get(key) ?? key).join(", ");
    add(calls.length < 2 ? "Segments" : `Segments ${calls.indexOf(one.interaction_key) + 1}`, [[one.start_ms, one.end_ms, "segment", [one.reason.replaceAll("_", " "), who].filter(Boolean).join(" · ") || one.key]]);
  }
  for (const party of timeline.parties) add(party.name || party.number || party.role, [[party.joined_ms, party.left_ms, `party ${party.role}`, party.role, `${party.role} ${party.name} ${party.number}`.trim()]]);
  add("Offers", timeline.legs.map((leg) => [leg.start_ms, leg.end_ms, `leg ${leg.verdict}`, leg.name || leg.agent, `${leg.name || leg.agent}: ${leg.verdict}${leg.ended_by ? `, ended by ${leg.ended_by}` : ""}`]));
  add("Files", timeline.originals.filter((one) => one.kind !== "text" && one.start_ms !== null && one.end_ms !== null).map((one) => [one.start_ms, one.end_ms, "file", one.file_name, `${one.file_name}: ${one.state}`]));
  return [...lanes].filter(([, spans]) => spans.length).map(([name, spans]) => [name, spans]);
}
