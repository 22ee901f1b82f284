// Exchanges a token for a login, then goes on to where somebody wanted to go.

import { ask, get } from "./api.js";
import { el, fill, find } from "./dom.js";

const wanted = new URLSearchParams(location.search).get("next") ?? "/app/";
// Only to a page of this node, never to another host.
const next = /^\/app(\/|$)/.test(wanted) ? wanted : "/app/";

get("/login", {}, { stay: true }).then((who) => who.anonymous && location.replace(next), () => undefined);

find("#login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = find("#login button");
  button.disabled = true;
  try {
    await ask("POST", "/login", { token: find("#token").value, user: find("#user").value }, { stay: true });
    location.replace(next);
  } catch (error) {
    fill(find("#answer"), el("strong", {}, error.message), el("p", {}, error.hint));
    find("#token").select();
    button.disabled = false;
  }
});
