// What keys do on the page of a contact; `showKeys` of the player lists them.

import { find, isWriting } from "./dom.js";
import { jumps, showKeys } from "./player.js";

const PICTURE_MS = 200;

export function listenToKeys(player, timeline) {
  const places = jumps(timeline);
  const by = (ms) => () => player.seek(player.ms + ms);
  const step = (ms) => () => {
    player.media.pause();
    player.seek(player.ms + ms);
  };
  const commands = {
    " ": player.toggle, k: player.toggle, ArrowLeft: by(-5000), ArrowRight: by(5000), j: by(-10000), l: by(10000), ",": step(-PICTURE_MS), ".": step(PICTURE_MS),
    p: () => player.seek(places.filter((ms) => ms < player.ms - 400).at(-1) ?? 0), n: () => player.seek(places.find((ms) => ms > player.ms + 100) ?? player.ms),
    "<": () => player.speed(-1), ">": () => player.speed(1), m: () => (player.media.muted = !player.media.muted), f: () => player.stage.requestFullscreen?.().catch(() => undefined),
    v: () => player.nextView(), "?": showKeys, 0: () => player.seek(0),
  };
  for (let tenth = 1; tenth <= 9; tenth += 1) commands[tenth] = () => player.seek((player.durationMs * tenth) / 10);
  document.addEventListener("keydown", (event) => {
    const run = commands[event.key];
    // A slider takes arrows for itself, an open dialog and a chosen button their own keys.
    if (!run || isWriting(event) || find("dialog[open]") || (event.key === " " && event.target.matches("button, summary, a"))) return;
    event.preventDefault();
    run();
  });
}
