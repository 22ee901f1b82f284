// Small words for making and finding parts of a page. Text is always text: nothing is ever parsed as HTML.

export const find = (selector, root = document) => root.querySelector(selector);

/** An element: attributes by name, `on…` functions as listeners, null and false left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put these children in the place of all that were there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

/** A description list of [term, description] pairs; empty descriptions are left out. */
export function facts(pairs, name = "facts") {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: name }, told.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

/** A table of rows; each column is [heading or () => heading, row => text or node, class]. */
export function table(columns, rows, attributes = {}) {
  const head = el("tr", {}, columns.map(([title, , name]) => el("th", { scope: "col", class: name }, typeof title === "function" ? title() : title)));
  const body = rows.map((row) => el("tr", {}, columns.map(([, cell, name]) => el("td", { class: name }, [cell(row) ?? ""]))));
  return el("table", attributes, el("thead", {}, head), el("tbody", {}, body));
}

/** Replace an element's children only when what they say has changed, so that a poll moves no focus. */
export function refresh(element, state, make) {
  const text = JSON.stringify(state);
  if (element.told === text) return;
  element.told = text;
  fill(element, make());
}

/** Whether somebody is writing, so that letters are no commands. */
export const isWriting = (event) => event.target.matches("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey;

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  play: "M4 2.5v11l9-5.5z", pause: "M4 3h3v10H4zM9 3h3v10H9z", back: "M8 3v10L1 8zM15 3v10L8 8z", on: "M8 3v10l7-5zM1 3v10l7-5z",
  previous: "M3 3h2v10H3zM13 3v10L6 8z", next: "M11 3h2v10h-2zM3 3v10l7-5z", loud: "M2 6h3l4-3v10l-4-3H2zM11 5q3 3 0 6", quiet: "M2 6h3l4-3v10l-4-3H2z",
  wide: "M2 2h5v2H4v3H2zM14 14H9v-2h3V9h2z",
};

/** A drawn sign; the button around it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
