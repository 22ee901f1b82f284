// The pictures of a contact besides the rendition's own: each screen by itself, and videos of the service.
// They follow the master clock without sound. One of them is shown large, or all side by side.

import { withQuery } from "./api.js";
import { el, fill, find } from "./dom.js";
import { screenTitles } from "./words.js";

const APART_S = 0.25;
/** `player.shown`: 0 is the rendition's own picture, 1 and up one of the views, ALL every view side by side. */
export const ALL = -1;

const within = (spans, ms) => spans.find((span) => span.start_ms <= ms && ms < span.end_ms);

/** Views of a timeline: title, place in time, address, and the element that shows it. */
export function openViews(timeline, contact, base, place, replay) {
  const titles = screenTitles(timeline.screens), endMs = timeline.duration_ms;
  const views = timeline.screens.map((screen, index) => ({ screen, title: titles[index], startMs: 0, endMs, path: withQuery(`${place}/screen-${screen.number}`, { replay }) })).filter((view) => view.screen.file);
  for (const original of timeline.originals.filter((one) => one.state === "beside" && one.start_ms !== null)) {
    const number = contact.media.findIndex((one) => one.media === original.media_key);
    if (number >= 0) views.push({ screen: null, title: `Video ${original.file_name || views.length + 1}`, startMs: original.start_ms, endMs: original.end_ms ?? endMs, path: withQuery(`${base}/media/${number}`, { revision: contact.revision, replay }) });
  }
  for (const view of views) {
    view.media = el("video", { muted: true, preload: "none", playsinline: true, hidden: true, "aria-label": view.title });
    view.words = el("p", { class: "words" });
    view.enlarge = el("button", { class: "enlarge", title: "Show this one large" }, view.title);
    view.box = el("figure", { class: "view" }, view.media, view.words, view.enlarge);
  }
  return views;
}

/** What is said instead of a picture of this view; empty while it has one. */
export function viewWords(view, timeline, ms) {
  if (ms < view.startMs || ms >= view.endMs) return "This picture does not reach here.";
  if (!view.screen) return "";
  if (timeline.masks.some((mask) => view.screen.agents.includes(mask.agent) && mask.start_ms <= ms && ms < mask.end_ms)) return "Blocked for payment data: nothing was recorded here.";
  return within(view.screen.stretches, ms) ? "" : "No screen was recorded here.";
}

/** Bring every view that is shown to the master's place and speed, and stop the others. */
export function followViews(player, timeline) {
  player.stage.classList.toggle("many", player.shown === ALL);
  player.views.forEach((view, index) => {
    const isShown = player.shown === ALL || player.shown === index + 1, element = view.media;
    const words = isShown ? viewWords(view, timeline, player.ms) : "";
    view.box.hidden = !isShown;
    element.hidden = !isShown || Boolean(words);
    if (view.words.textContent !== words) fill(view.words, words);
    if (element.hidden) {
      if (!element.paused) element.pause();
      return;
    }
    if (!element.src) {
      Object.assign(element, { muted: true, preload: "auto" }); // else nothing comes while the player stands
      element.src = `/api/v1${view.path}`;
    }
    const wanted = (player.ms - view.startMs) / 1000;
    if (Math.abs(element.currentTime - wanted) > APART_S && !element.seeking) element.currentTime = wanted;
    element.playbackRate = player.media.playbackRate;
    if (player.media.paused !== element.paused) player.media.paused ? element.pause() : element.play().catch(() => undefined);
  });
  player.media.hidden = player.shown !== 0;
}

/** Buttons at the corner of the picture; `player.choose(number)` and `player.nextView()` do the same. */
export function addChooser(player, timeline, tell) {
  const choices = [...(timeline.has_screen ? [[0, "As recorded"]] : []), ...(player.views.length > 1 ? [[ALL, "All"]] : []), ...player.views.map((view, index) => [index + 1, view.title])];
  const buttons = choices.map(([number, title]) => el("button", { "data-view": number, onclick: () => player.choose(number) }, title));
  const mark = () => buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(player.shown === choices[index][0])));
  player.choose = (number) => {
    player.shown = number;
    mark();
    tell();
  };
  player.nextView = () => choices.length && player.choose(choices[(choices.findIndex(([number]) => number === player.shown) + 1) % choices.length][0]);
  player.views.forEach((view, index) => view.enlarge.addEventListener("click", () => player.choose(player.shown === ALL ? index + 1 : ALL)));
  mark();
  if (player.views.length) fill(find("#views", player.stage), buttons);
}
