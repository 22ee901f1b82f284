// Asks this node, and only this node. What it refuses becomes an ApiError with its own words.

const PAGE = { "X-Tandem-Page": "1" };

/** What the node said no with; `status` is 0 when it did not answer at all. */
export class ApiError extends Error {
  constructor(status, message, hint = "") {
    super(message);
    Object.assign(this, { status, hint });
  }
}

/** GET JSON of the API below /api/v1; `query` without empty values. Leaves for the login when nobody is logged in. */
export const get = (path, query = {}, options = {}) => ask("GET", withQuery(path, query), undefined, options);
export const post = (path, body = {}) => ask("POST", path, body, {});

/** The address of something below /api/v1. */
export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

/** An id as part of a path: slashes of an id stay, as the API takes them. */
export const part = (id) => id.split("/").map(encodeURIComponent).join("/");

export async function ask(method, path, body, { timeoutMs = 20000, stay = false, signal } = {}) {
  const ends = AbortSignal.timeout(timeoutMs);
  const request = { method, headers: { ...PAGE }, signal: signal ? AbortSignal.any([signal, ends]) : ends, cache: "no-store" };
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let answer, said;
  try {
    answer = await fetch(`/api/v1${path}`, request);
    said = answer.status === 204 ? null : await answer.json();
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new ApiError(0, "This node does not answer.", "It may be stopped or starting; the other node has the same pages.");
  }
  if (answer.ok) return said;
  if (answer.status === 401 && !stay) leaveForLogin();
  const error = said?.error ?? {};
  throw new ApiError(answer.status, error.message ?? `The node answered with ${answer.status}.`, error.hint ?? "");
}

export function leaveForLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
