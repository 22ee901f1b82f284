// What admins may do from the page: the same requests as the command line, each with a question before.

import { ApiError, get, post } from "./api.js";
import { el, fill, find } from "./dom.js";
import { trouble } from "./shell.js";
import { count, size, typedInstant } from "./time.js";

export function addCommands(box, known) {
  if (!known.who.mayChange) {
    fill(box, el("span", { class: "soft" }, known.who.anonymous ? "Nothing can be changed here: this node has no admin token." : "You may look; changing takes the role admin."));
    return;
  }
  fill(box,
    el("button", { id: "switchover", onclick: () => switchover(known) }, "Switch over…"),
    el("button", { id: "pause", onclick: () => pause(known) }, "Pause or resume…"),
    el("button", { id: "recover", onclick: () => recovery(known) }, "Start a recovery…"),
    el("span", { class: "soft" }, "The same as tandem switchover, pause, resume and recovery start."));
}

/** A question with a button that does it; `run(form)` returns what to say afterwards. */
function question(title, parts, word, run, name = "main") {
  const answer = el("div", { role: "alert" });
  const go = el("button", { class: name, type: "submit" }, word);
  const form = el("form", { method: "dialog", class: "dialog" }, el("h2", {}, title), parts, answer, el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => dialog.close() }, "Close"), go));
  const dialog = el("dialog", { "aria-label": title }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    fill(answer, el("p", { class: "busy" }, "The node is at it …"));
    try {
      const { words, again } = await run(form);
      fill(answer, words);
      go.disabled = !again;
    } catch (error) {
      fill(answer, trouble(error instanceof ApiError ? error : new ApiError(0, String(error))));
      go.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, go };
}

const told = (said) => ({ words: el("p", { class: "done" }, el("strong", {}, `${said.status}: `), said.message, said.hint ? ` ${said.hint}` : ""), again: false });

function switchover({ cluster }) {
  const other = cluster.nodes.find((node) => node.node !== cluster.primary);
  const parts = el("p", {}, cluster.primary && other ? `${cluster.primary} is primary now. ${other.node} becomes primary in a new term; nothing is interrupted and no poll is skipped.` : "Only one node is known: this will be refused.");
  question("Switch over", parts, other ? `Make ${other.node} primary` : "Switch over", async () => told(await post("/switchover", other ? { to_node: other.node } : {})));
}

function pause({ cluster }) {
  const isPaused = cluster.paused;
  const parts = el("p", {}, isPaused ? "Roles change by themselves again when a node fails." : "No automatic change of roles, on either node, until somebody resumes: if the primary dies meanwhile, nobody takes over.");
  question(isPaused ? "Resume automatic failover" : "Pause automatic failover", parts, isPaused ? "Resume" : "Pause", async () => told(await post(isPaused ? "/resume" : "/pause")), isPaused ? "main" : "danger");
}

function recovery({ sources }) {
  const field = (name, title, more) => el("label", {}, title, el("input", { name, ...more }));
  const parts = [
    el("p", { class: "soft" }, "First a dry run: it counts what is missing and fetches nothing. Then the same for real, if you say so."),
    el("label", {}, "Source", el("select", { name: "source" }, sources.map((one) => el("option", {}, one.source)))),
    field("from", "From", { type: "datetime-local", required: true }), field("to", "To (now, when empty)", { type: "datetime-local" }),
  ];
  let dry = null;
  const asked = question("Start a recovery", parts, "Dry run", async (form) => {
    const value = (name) => form.elements[name].value, period = { source: value("source"), from: typedInstant(value("from")) };
    if (value("to")) period.to = typedInstant(value("to"));
    if (dry && JSON.stringify(dry) === JSON.stringify(period)) return told(await post("/recoveries", { ...period, dry_run: false }));
    const said = await post("/recoveries", { ...period, dry_run: true });
    const found = await ended(said.recovery, find("[role=alert]", asked.dialog));
    dry = period;
    asked.go.textContent = "Recover for real";
    asked.go.className = "danger";
    const missing = found.counts.pending, forecast = found.forecast;
    return { again: found.status === "completed" && missing > 0, words: el("p", { class: "done" }, el("strong", {}, `${found.status}: `), `${count(missing)} of ${count(found.counts.detected)} to fetch${forecast ? `, about ${size(forecast.size_bytes)} and ${Math.ceil(forecast.minutes)} min` : ""}.`, missing ? " “Recover for real” fetches them behind live capture." : " There is nothing to recover.") };
  });
  asked.dialog.addEventListener("change", () => {
    dry = null;
    asked.go.textContent = "Dry run";
    asked.go.className = "main";
    asked.go.disabled = false;
  });
}

async function ended(row, box) {
  let now = row;
  while (now.status === "running" && box.isConnected) {
    fill(box, el("p", { class: "busy" }, `Dry run ${now.recovery} is at it …`));
    await new Promise((done) => setTimeout(done, 1000));
    now = await get(`/recoveries/${encodeURIComponent(row.recovery)}`);
  }
  return now;
}
