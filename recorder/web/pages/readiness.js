// Has a contact made ready for replay, and says how far that is. Shows the newest rendition, and offers newer ones.

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { trouble } from "./shell.js";
import { dateTime } from "./time.js";

const EVERY_MS = 1000;
const LATER_MS = 10000;

/** Calls `show(rendition)` once; `box` tells what goes on before, and later that there is a newer one. */
export async function whenReady(base, box, show) {
  let shown = null;
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  for (;;) {
    let said = null;
    try {
      said = await get(`${base}/replay`);
      const newest = said.rendition ?? null;
      if (newest && !shown) {
        shown = newest.number;
        await show(newest);
      } else if (newest && newest.number > shown) {
        offer(newest);
        return;
      }
    } catch (error) {
      if (!shown) fill(box, trouble(error));
      if (error.status !== 0 && error.status !== 503) return;
    }
    if (said && !shown) tell(box, said);
    const isOver = said && ["ready", "failed", "nothing"].includes(said.state);
    await wait(isOver && said.state !== "ready" && !shown ? LATER_MS : shown ? LATER_MS : EVERY_MS);
  }
}

function tell(box, said) {
  const words = {
    waiting: "This contact is about to be made ready for replay.", making: "This contact is being made ready for replay.",
    failed: "This contact could not be made ready for replay.", nothing: "There is nothing to replay: neither sound, screen nor text is archived for this contact.",
  };
  const isBusy = said.state === "waiting" || said.state === "making";
  fill(box, el("span", { class: isBusy ? "busy" : null, id: "state", "data-state": said.state }, words[said.state] ?? said.state),
    isBusy ? el("progress", { max: 1, value: said.progress || null, "aria-label": "Progress" }) : null,
    el("div", {}, said.message ? el("p", {}, said.message) : null, said.hint ? el("p", { class: "soft" }, said.hint) : null));
  box.classList.toggle("trouble", said.state === "failed");
  document.documentElement.dataset.ready = said.state;
}

function offer(newest) {
  document.querySelector("#play").prepend(el("div", { class: "notice", role: "status" }, `A newer rendition was made at ${dateTime(newest.made)}. `, el("button", { onclick: () => location.reload() }, "Show it")));
}
