// One media element is the master clock of everything on the page; other pictures follow it, without sound.

import { withQuery } from "./api.js";
import { el, fill, find, icon } from "./dom.js";
import { dateTime, position } from "./time.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 3];
const APART_S = 0.25;
const ENDED_S = 0.05;

/** Makes stage and transport. Times are milliseconds on the contact's timeline. */
export function openPlayer({ timeline, contact, base, place, replay }) {
  const media = el("video", { id: "master", preload: "auto", playsinline: true, src: `/api/v1${withQuery(`${place}/media`, { replay })}`, "aria-label": "Screen and sound of the contact" });
  const views = pictures(timeline, contact, base, place, replay);
  const stage = el("section", { id: "stage", "aria-label": "Picture" }, media, views.map((view) => view.media), el("div", { id: "curtain" }), el("div", { id: "views" }));
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
    follow(player, views);
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
  chooser(player, timeline, stage, tell);
  draw(player, timeline, stage);
  return player;
}

// Screens by themselves, and videos of the service that stand beside the rendition.
function pictures(timeline, contact, base, place, replay) {
  const made = timeline.screens.filter((screen) => screen.file).map((screen) => ({
    title: `Screen ${screen.name || screen.number}`, startMs: 0, endMs: timeline.duration_ms, path: withQuery(`${place}/screen-${screen.number}`, { replay }),
  }));
  for (const original of timeline.originals.filter((one) => one.state === "beside" && one.start_ms !== null)) {
    const number = contact.media.findIndex((one) => one.media === original.media_key);
    if (number >= 0) made.push({ title: `Video ${made.length + 1}`, startMs: original.start_ms, endMs: original.end_ms ?? timeline.duration_ms, path: withQuery(`${base}/media/${number}`, { revision: contact.revision, replay }) });
  }
  for (const view of made) view.media = el("video", { muted: true, preload: "none", playsinline: true, hidden: true, "aria-label": view.title });
  return made;
}

function follow(player, views) {
  views.forEach((view, index) => {
    const isShown = player.shown === index + 1, element = view.media;
    element.hidden = !isShown || player.ms < view.startMs || player.ms >= view.endMs;
    if (element.hidden) {
      if (!element.paused) element.pause();
      return;
    }
    if (!element.src) {
      element.muted = true;
      element.src = `/api/v1${view.path}`;
    }
    const wanted = (player.ms - view.startMs) / 1000;
    if (Math.abs(element.currentTime - wanted) > APART_S && !element.seeking) element.currentTime = wanted;
    element.playbackRate = player.media.playbackRate;
    if (player.media.paused !== element.paused) player.media.paused ? element.pause() : element.play().catch(() => undefined);
  });
  player.media.hidden = player.shown !== 0;
}

const within = (spans, ms) => spans.find((span) => span.start_ms <= ms && ms < span.end_ms);

function draw(player, timeline, stage) {
  const curtain = find("#curtain", stage), ms = player.ms, mask = within(timeline.masks, ms);
  let said = "";
  if (stage.classList.contains("low")) said = nothingToSee(timeline);
  else if (player.shown === 0 && mask) said = "Blocked for payment data: nothing was recorded here.";
  else if (player.shown === 0 && !within(timeline.picture.length ? timeline.picture : timeline.screens.flatMap((screen) => screen.stretches), ms)) said = timeline.has_screen ? "No screen was recorded here." : "";
  else if (player.shown > 0 && player.views[player.shown - 1].media.hidden) said = "This picture does not reach here.";
  if (curtain.textContent !== said && !player.media.error) fill(curtain, said);
  curtain.classList.toggle("masked", Boolean(mask) && player.shown === 0);
}

function nothingToSee(timeline) {
  if (timeline.has_audio) return "Sound only: no screen was recorded for this contact.";
  if (timeline.lines.length) return "Text only: the clock runs over what was written.";
  return "Neither sound nor screen was recorded: what is known stands on the timeline.";
}

function chooser(player, timeline, stage, tell) {
  if (!player.views.length) return;
  const titles = [...(timeline.has_screen ? [[0, "As recorded"]] : []), ...player.views.map((view, index) => [index + 1, view.title])];
  const buttons = titles.map(([number, title]) => el("button", { "aria-pressed": String(player.shown === number), onclick: () => choose(number) }, title));
  fill(find("#views", stage), buttons);
  function choose(number) {
    player.shown = number;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(titles[index][0] === number)));
    tell();
  }
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
    wall.textContent = dateTime(timeline.origin_us / 1000 + player.ms);
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
  ["p n", "previous, next event"], ["< >", "slower, faster"], ["m", "sound off, on"], ["f", "whole screen"], ["?", "these keys"],
];

export function showKeys() {
  const dialog = el("dialog", { id: "keys", "aria-label": "Keys" }, el("h2", {}, "Keys"),
    el("table", {}, el("tbody", {}, KEYS.map(([keys, what]) => el("tr", {}, el("td", {}, el("kbd", {}, keys)), el("td", {}, what))))),
    el("div", { class: "buttons" }, el("button", { onclick: () => dialog.close() }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
