// One media element is the master clock of everything on the page; other pictures follow it, without sound.

import { withQuery } from "./api.js";
import { el, fill, find, icon } from "./dom.js";
import { dateTime, position, zoneShort } from "./time.js";
import { addChooser, followViews, openViews } from "./views.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 3];
const ENDED_S = 0.05;

/** Makes stage and transport. Times are milliseconds on the contact's timeline. */
export function openPlayer({ timeline, contact, base, place, replay }) {
  const media = el("video", { id: "master", preload: "auto", playsinline: true, src: `/api/v1${withQuery(`${place}/media`, { replay })}`, "aria-label": "Screen and sound of the contact" });
  const views = openViews(timeline, contact, base, place, replay);
  const stage = el("section", { id: "stage", "aria-label": "Picture" }, media, views.map((view) => view.box), el("div", { id: "curtain" }), el("div", { id: "views", role: "group", "aria-label": "Which picture" }));
  const listeners = [];
  const player = {
    media, stage, views, shown: timeline.has_screen || !views.length ? 0 : 1,
    durationMs: timeline.duration_ms,
    get ms() { return media.currentTime * 1000; },
    seek(ms) {
      media.currentTime = Math.max(0, Math.min(ms / 1000, (media.duration || timeline.duration_ms / 1000) - ENDED_S));
      tell();
    },
    toggle: () => (media.paused ? media.play().catch(() => undefined) : media.pause()),
    onTime: (listener) => listeners.push(listener),
    speed(step) {
      const now = SPEEDS.indexOf(media.playbackRate), next = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (now < 0 ? 2 : now) + step))];
      media.playbackRate = next;
    },
  };
  player.transport = transport(player, timeline);
  if (!timeline.has_screen && !views.length) stage.classList.add("low");
  media.addEventListener("error", () => fill(find("#curtain", stage), `The rendition does not play: ${media.error?.message || "the browser gives no reason"}.`));

  function tell() {
    const ms = player.ms;
    followViews(player, timeline);
    draw(player, timeline, stage);
    for (const listener of listeners) listener(ms);
  }
  for (const name of ["timeupdate", "seeking", "seeked", "loadedmetadata", "play", "pause", "ratechange"]) media.addEventListener(name, tell);
  const frame = () => {
    if (media.paused) return;
    tell();
    requestAnimationFrame(frame);
  };
  media.addEventListener("play", () => requestAnimationFrame(frame));
  addChooser(player, timeline, tell);
  followViews(player, timeline);
  draw(player, timeline, stage);
  return player;
}

const within = (spans, ms) => spans.find((span) => span.start_ms <= ms && ms < span.end_ms);

// What blocks the rendition's own picture: a mask of whoever is shown, or of anybody while nobody is.
function maskOf(timeline, ms) {
  const number = within(timeline.picture, ms)?.screen, shown = timeline.screens.find((screen) => screen.number === number);
  return timeline.masks.find((mask) => mask.start_ms <= ms && ms < mask.end_ms && (!shown || shown.agents.includes(mask.agent)));
}

function draw(player, timeline, stage) {
  const curtain = find("#curtain", stage), ms = player.ms, mask = maskOf(timeline, ms);
  let said = "";
  if (stage.classList.contains("low")) said = nothingToSee(timeline);
  else if (player.shown === 0 && mask) said = "Blocked for payment data: nothing was recorded here.";
  else if (player.shown === 0 && !within(timeline.picture.length ? timeline.picture : timeline.screens.flatMap((screen) => screen.stretches), ms)) said = timeline.has_screen ? "No screen was recorded here." : "";
  if (curtain.textContent !== said && !player.media.error) fill(curtain, said);
  player.media.hidden = player.shown !== 0 || Boolean(said); // else a browser shows the nearest picture it has
  curtain.classList.toggle("masked", Boolean(mask) && player.shown === 0);
}

function nothingToSee(timeline) {
  if (timeline.has_audio) return "Sound only: no screen was recorded for this contact.";
  if (timeline.lines.length) return "Text only: the clock runs over what was written.";
  return "Neither sound nor screen was recorded: what is known stands on the timeline.";
}

function transport(player, timeline) {
  const { media } = player;
  const button = (name, title, run, id) => el("button", { id, "aria-label": title, title, onclick: run }, icon(name));
  const toggle = button("play", "Play (space)", () => player.toggle(), "toggle");
  toggle.classList.add("main");
  const time = el("span", { class: "time", id: "at" }), wall = el("span", { class: "wall", id: "wall", title: "When this was, on the service's clock" });
  const speed = el("select", { id: "speed", "aria-label": "Speed", title: "Speed (< >)", onchange: () => (media.playbackRate = Number(speed.value)) }, SPEEDS.map((rate) => el("option", { value: rate, selected: rate === 1 }, `${rate}×`)));
  const volume = el("input", { id: "volume", type: "range", min: 0, max: 1, step: 0.05, value: 1, "aria-label": "Volume", title: "Volume (m: off, on)", oninput: () => (media.volume = Number(volume.value)) });
  const show = () => {
    fill(time, position(player.ms), " ", el("small", { class: "soft" }, `/ ${position(player.durationMs)}`));
    const at = timeline.origin_us / 1000 + player.ms;
    wall.textContent = `${dateTime(at)} ${zoneShort(at)}`;
    fill(toggle, icon(media.paused ? "play" : "pause"));
    toggle.setAttribute("aria-label", media.paused ? "Play (space)" : "Pause (space)");
    speed.value = String(media.playbackRate);
  };
  player.onTime(show);
  show();
  const events = jumps(timeline);
  return el("section", { id: "transport", class: "card", "aria-label": "Player" },
    button("previous", "Previous event (p)", () => player.seek(events.filter((ms) => ms < player.ms - 400).at(-1) ?? 0), "previous"),
    button("back", "Back 10 s (j)", () => player.seek(player.ms - 10000)), toggle, button("on", "On 10 s (l)", () => player.seek(player.ms + 10000)),
    button("next", "Next event (n)", () => player.seek(events.find((ms) => ms > player.ms + 100) ?? player.ms), "next"), time, wall,
    el("div", { class: "rest" }, speed, icon("loud"), volume,
      timeline.has_screen || player.views.length ? button("wide", "Whole screen (f)", () => player.stage.requestFullscreen?.().catch(() => undefined)) : null,
      el("button", { class: "quiet", onclick: showKeys, title: "Keys (?)" }, "Keys")));
}

/** Where there is something to jump to, in order. */
export function jumps(timeline) {
  const places = [...timeline.events.map((event) => event.t_ms), ...timeline.segments.map((one) => one.start_ms), ...timeline.masks.map((one) => one.start_ms)];
  return [...new Set(places.filter((ms) => ms !== null && ms >= 0 && ms < timeline.duration_ms))].sort((a, b) => a - b);
}

const KEYS = [
  ["space, k", "play, pause"], ["← →", "5 s back, on"], ["j l", "10 s back, on"], [", .", "one picture back, on"], ["1 … 9, 0", "to 10 % … 90 %, to the begin"],
  ["p n", "previous, next event"], ["< >", "slower, faster"], ["m", "sound off, on"], ["v", "next picture, where there are several"], ["f", "whole screen"], ["?", "these keys"],
];

export function showKeys() {
  const dialog = el("dialog", { id: "keys", "aria-label": "Keys" }, el("h2", {}, "Keys"),
    el("table", {}, el("tbody", {}, KEYS.map(([keys, what]) => el("tr", {}, el("td", {}, el("kbd", {}, keys)), el("td", {}, what))))),
    el("div", { class: "buttons" }, el("button", { onclick: () => dialog.close() }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
