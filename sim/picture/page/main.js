// What the user does.
const KEYS = [
  ["→ ↓ j", "next row"],
  ["← ↑ k", "row before"],
  ["Home End", "first, last row"],
  ["c", "its cause"],
  ["e", "what came of it"],
  ["+ −", "zoom"],
  ["0", "everything"],
  ["z", "around the chosen row"],
  ["[ ]", "pan"],
  ["f F", "next fault, one before"],
  ["v V", "next broken promise, one before"],
  ["t", "other scale of time"],
  ["/", "choose an item"],
  ["Esc", "all items"],
];

function choose(row, { look = true } = {}) {
  state.row = row;
  history.replaceState(null, "", `#row-${row.number}`);
  if (look) bringIntoView(row);
  byId("said").textContent = `Row ${row.number}, ${clock(row.at)}: ${say(row)}`;
  refresh();
}

function refresh() {
  showPanel();
  showRows();
  redraw();
}

function step(by) {
  const start = state.row ? state.row.index : by > 0 ? -1 : model.rows.length;
  const [row] = nearRows(start, by, 1);
  if (row) choose(row);
}

function jump(rows, by) {
  const at = state.row ? state.row.index : -1;
  const ahead = rows.filter((row) => (by > 0 ? row.index > at : row.index < at));
  const row = by > 0 ? ahead[0] || rows[0] : ahead[ahead.length - 1] || rows[rows.length - 1];
  if (row) choose(row);
}

function setItem(key) {
  state.item = model.items.has(key) ? key : "";
  byId("item-filter").value = state.item;
  byId("item-filter").classList.remove("unknown");
  byId("item-clear").hidden = !state.item;
  if (state.item && (!state.row || !steppable(state.row))) choose(model.items.get(state.item).steps[0]);
  else refresh();
}

function typedItem() {
  const field = byId("item-filter"),
    text = field.value.trim();
  const fits = [...model.items.keys()].filter((key) => key.includes(text));
  const key = model.items.has(text) ? text : fits.length === 1 ? fits[0] : "";
  field.classList.toggle("unknown", Boolean(text) && !key);
  if (key || !text) {
    state.item = key;
    byId("item-clear").hidden = !key;
    if (key && (!state.row || !steppable(state.row))) choose(model.items.get(key).steps[0]);
    else refresh();
  }
}

function setMode(mode) {
  const from = scaleNow().toT(state.view.from),
    to = scaleNow().toT(state.view.to);
  state.mode = mode;
  byId("time-mode").value = mode;
  setView(scaleNow().toU(from), scaleNow().toU(to));
}

function zoomToRow() {
  if (!state.row) return;
  const u = scaleNow().toU(state.row.at),
    half = Math.min(scaleNow().end / 40, 1e9);
  setView(u - half, u + half);
}

const ACTIONS = {
  ArrowRight: () => step(1),
  ArrowDown: () => step(1),
  j: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowUp: () => step(-1),
  k: () => step(-1),
  Home: () => {
    state.row = null;
    step(1);
  },
  End: () => {
    state.row = null;
    step(-1);
  },
  "+": () => zoom(0.6),
  "=": () => zoom(0.6),
  "-": () => zoom(1 / 0.6),
  0: showAll,
  z: zoomToRow,
  t: () => setMode(state.mode === "idle" ? "true" : "idle"),
  "[": () => pan(-0.25),
  "]": () => pan(0.25),
  f: () =>
    jump(
      model.faults.map((span) => span.row),
      1,
    ),
  F: () =>
    jump(
      model.faults.map((span) => span.row),
      -1,
    ),
  v: () => jump(model.violations, 1),
  V: () => jump(model.violations, -1),
  Escape: () => setItem(""),
  "/": () => byId("item-filter").focus(),
  c: () => {
    const cause = state.row && model.byNumber.get(state.row.cause);
    if (cause) choose(cause);
  },
  e: () => {
    const [effect] = (state.row && model.effects.get(state.row.number)) || [];
    if (effect) choose(effect);
  },
};

function pan(share) {
  const span = state.view.to - state.view.from;
  setView(state.view.from + span * share, state.view.to + span * share);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.matches("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (target.matches("summary, button") && (event.key === "Enter" || event.key === " ")) return;
  const action = ACTIONS[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
}

function listenToPointer() {
  const canvas = byId("canvas"),
    tip = byId("tip");
  let drag = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const unit = (x) => state.view.from + ((x - GUTTER) / lay.inner) * (state.view.to - state.view.from);
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / 1200);
      else zoom(Math.exp(Math.max(-300, Math.min(300, event.deltaY)) / 500), unit(place(event)[0]));
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0) drag = { x: event.clientX, view: { ...state.view }, moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (drag) {
      const by = event.clientX - drag.x;
      if (!drag.moved && Math.abs(by) > 4) {
        drag.moved = true;
        canvas.setPointerCapture(event.pointerId);
        canvas.classList.add("drags");
      }
      if (drag.moved) {
        const u = (by / lay.inner) * (drag.view.to - drag.view.from);
        setView(drag.view.from - u, drag.view.to - u);
      }
    }
    const row = drag ? null : rowAt(x, y);
    tip.hidden = !row;
    canvas.classList.toggle("over", Boolean(row));
    if (row) {
      tip.textContent = `${clock(row.at)}  ${say(row)}`;
      tip.style.left = `${Math.min(x + 14, lay.width - Math.min(380, textWidth(tip.textContent, 12) + 30))}px`;
      tip.style.top = `${y + 16}px`;
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = drag && !drag.moved;
    drag = null;
    canvas.classList.remove("drags");
    const row = clicked ? rowAt(...place(event)) : null;
    if (row) choose(row, { look: false });
  });
  canvas.addEventListener("pointercancel", () => {
    drag = null;
    canvas.classList.remove("drags");
  });
  canvas.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  const overview = byId("overview");
  const goTo = (event) => {
    const x = event.clientX - overview.getBoundingClientRect().left,
      middle = ((x - GUTTER) / lay.inner) * scaleNow().end,
      half = (state.view.to - state.view.from) / 2;
    setView(middle - half, middle + half);
  };
  overview.addEventListener("pointerdown", (event) => {
    overview.setPointerCapture(event.pointerId);
    goTo(event);
  });
  overview.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) goTo(event);
  });
}

function listenToTools() {
  const on = (id, action) => byId(id).addEventListener("click", action);
  on("zoom-in", () => zoom(0.6));
  on("zoom-out", () => zoom(1 / 0.6));
  on("zoom-all", showAll);
  on("zoom-row", zoomToRow);
  on("next-fault", ACTIONS.f);
  on("next-broken", ACTIONS.v);
  on("item-clear", () => setItem(""));
  byId("item-filter").addEventListener("input", typedItem);
  byId("time-mode").addEventListener("change", (event) => setMode(event.target.value));
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", onKey);
  window.addEventListener("resize", redraw);
  window.addEventListener("beforeprint", drawPicture);
  window.addEventListener("hashchange", () => {
    const row = rowInAddress();
    if (row && row !== state.row) choose(row);
  });
}

function rowInAddress() {
  return model.byNumber.get(Number((location.hash.match(/^#row-(\d+)$/) || [])[1]));
}

function showFilters() {
  const counts = new Map();
  for (const row of model.rows) counts.set(row.kind, (counts.get(row.kind) || 0) + 1);
  const box = (name, text, checked, change) =>
    make(
      "label",
      {},
      make("input", {
        type: "checkbox",
        name,
        checked,
        onchange: (event) => {
          change(event.target.checked);
          refresh();
        },
      }),
      ` ${text}`,
    );
  for (const [kind, count] of counts) {
    const shown = kind !== "message" || counts.size === 1;
    if (shown) state.kinds.add(kind);
    byId("kinds").append(
      box(kind, `${KIND_NAMES[kind] || kind} (${count})`, shown, (on) => {
        if (on) state.kinds.add(kind);
        else state.kinds.delete(kind);
      }),
    );
  }
  byId("kinds").append(
    box("routine", "draw heartbeats and renewals", true, (on) => {
      state.routine = on;
    }),
    box("step-routine", "step through them too", false, (on) => {
      state.stepRoutine = on;
    }),
  );
  byId("items").append(...[...model.items.keys()].map((key) => make("option", { value: key })));
  byId("next-fault").hidden = !model.faults.length;
  byId("next-broken").hidden = !model.violations.length;
  byId("keys").append(...KEYS.map(([keys, text]) => make("div", {}, make("kbd", {}, keys), ` ${text}`)));
}

showTitle();
showFilters();
showLegend();
showHeat();
listenToTools();
listenToPointer();
showAll();
const first = rowInAddress() || model.violations[0] || (model.faults[0] || {}).row || model.rows.find(steppable);
if (first) choose(first, { look: Boolean(rowInAddress()) });
else refresh();
