// Instants to positions. A scale turns nanoseconds into units of its own; a view is a stretch of units.
const trueScale = { toU: (ns) => ns, toT: (u) => u, gaps: [], end: model.end };
const idleScale = makeIdleScale();

// Quiet stretches keep the logarithm of their length: short ones stay as they are.
function makeIdleScale() {
  const busy = new Set(["life", "fault", "role", "item", "violation", "lost"]);
  const instants = [0];
  for (const row of model.rows) {
    if (busy.has(row.kind) && row.at > instants[instants.length - 1]) instants.push(row.at);
  }
  if (instants[instants.length - 1] < model.end) instants.push(model.end);
  const kept = Math.max(model.end / 2000, 2e7);
  const units = [0], gaps = [];
  for (let i = 1; i < instants.length; i += 1) {
    const gap = instants[i] - instants[i - 1];
    const shown = gap <= kept ? gap : kept * (1 + Math.log2(gap / kept));
    units.push(units[i - 1] + shown);
    if (gap > 8 * kept) gaps.push({ from: instants[i - 1], to: instants[i] });
  }
  const map = (value, from, to) => {
    let low = 0, high = from.length - 1;
    if (high < 1) return value;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (from[middle] <= value) low = middle; else high = middle;
    }
    return to[low] + ((value - from[low]) * (to[high] - to[low])) / (from[high] - from[low]);
  };
  return { toU: (ns) => map(ns, instants, units), toT: (u) => map(u, units, instants), gaps, end: units[units.length - 1] };
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

function niceStep(ns) {
  const s = ns / 1e9;
  if (s > 0.5) return (STEPS.find((step) => step >= s) || 86400 * Math.ceil(s / 86400)) * 1e9;
  const decade = 10 ** Math.floor(Math.log10(Math.max(ns, 1)));
  return [1, 2, 5, 10].map((n) => n * decade).find((step) => step >= ns);
}

// Ticks at round instants, at least `apart` pixels from each other.
function ticksOf(scale, view, width, apart) {
  const perPixel = (view.to - view.from) / width, ticks = [];
  let u = view.from;
  let last = -Infinity;
  for (let guard = 0; u < view.to && guard < 400; guard += 1) {
    const t = scale.toT(u);
    const step = niceStep(Math.max(scale.toT(u + apart * perPixel) - t, 1));
    const at = Math.ceil((t - 1e-6) / step) * step;
    const x = (scale.toU(at) - view.from) / perPixel;
    if (x > width) break;
    if (x - last >= apart * 0.9) {
      ticks.push({ at, x, digits: step >= 1e9 ? 0 : Math.min(9, Math.ceil(-Math.log10(step / 1e9) - 1e-9)) });
      last = x;
    }
    u = Math.max(scale.toU(at) + apart * perPixel * 0.999, u + perPixel);
  }
  return ticks;
}
