// What every page begins with: who is logged in, where one is, and how to get elsewhere.

import { ask, get } from "./api.js";
import { el, fill, find } from "./dom.js";
import { isUtc, setUtc, zoneName } from "./time.js";

/** Fill the bar on top; resolves to who is logged in: `{name, roles, node, …, mayChange}`. */
export async function openShell(active) {
  const who = await get("/login");
  who.mayChange = who.roles.includes("admin");
  const link = (name, title, path) => el("a", { href: path, "aria-current": name === active ? "page" : null }, title);
  const zone = el("button", { class: "quiet", title: "Show times in the local zone or in UTC", onclick: switchZone }, zoneName());
  fill(find("#bar"),
    el("a", { class: "brand", href: "/app/" }, el("span", { class: "mark", "aria-hidden": "true" }), "Tandem"),
    el("nav", { "aria-label": "Pages" }, link("search", "Contacts", "/app/"), link("pair", "Pair", "/app/pair")),
    el("span", { class: "where" }, `node ${who.node} of ${who.cluster}`),
    zone,
    who.anonymous
      ? el("span", { class: "who", title: "No token is configured: this node listens on loopback only, and nothing can be changed." }, "no login needed")
      : el("span", { class: "who" }, `${who.user ? `${who.user} · ` : ""}${who.name} `, el("button", { class: "quiet", id: "logout", onclick: logOut }, "Log out")),
  );
  document.documentElement.dataset.ready = "shell";
  return who;
}

function switchZone() {
  setUtc(!isUtc());
  location.reload();
}

async function logOut() {
  try {
    await ask("DELETE", "/login", undefined, { stay: true });
  } catch (error) {
    // This browser forgot it all the same; what could not be done elsewhere is said before anything else.
    fill(document.body, el("main", { class: "alone" }, trouble(error), el("p", {}, el("a", { href: "/login" }, "Log in again"))));
    return;
  }
  location.assign("/login");
}

/** Say what went wrong, with what to do next, in the place of a list or a page. */
export function trouble(error) {
  return el("div", { class: "trouble", role: "alert" }, el("strong", {}, error.message), error.hint ? el("p", {}, error.hint) : null);
}
