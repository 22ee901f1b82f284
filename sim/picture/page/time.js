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
  const kept = Math.max(model.end / 20000, 1e6);
  const units = [0],
    gaps = [];
  for (let i = 1; i < instants.length; i += 1) {
    const gap = instants[i] - instants[i - 1];
    const shown = gap <= kept ? gap : kept * (1 + 0.5 * Math.log2(gap / kept));
    units.push(units[i - 1] + shown);
    if (gap > 100 * kept) gaps.push({ from: instants[i - 1], to: instants[i] });
  }
  const map = (value, from, to) => {
    let low = 0,
      high = from.length - 1;
    if (high < 1) return value;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (from[middle] <= value) low = middle;
      else high = middle;
    }
    return to[low] + ((value - from[low]) * (to[high] - to[low])) / (from[high] - from[low]);
  };
  return {
    toU: (ns) => map(ns, instants, units),
    toT: (u) => map(u, units, instants),
    gaps,
    end: units[units.length - 1],
  };
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

function niceStep(ns) {
  const s = ns / 1e9;
  if (s > 0.5) return (STEPS.find((step) => step >= s) || 86400 * Math.ceil(s / 86400)) * 1e9;
  const decade = 10 ** Math.floor(Math.log10(Math.max(ns, 1)));
  return [1, 2, 5, 10].map((n) => n * decade).find((step) => step >= ns);
}

function digitsOf(step) {
  return step >= 1e9 ? 0 : Math.min(9, Math.ceil(-Math.log10(step / 1e9) - 1e-9));
}

// Ticks at round instants, at least `apart` pixels from each other: every so often on a true scale; on another the
// roundest instant of each stretch.
function ticksOf(scale, view, width, apart) {
  const perPixel = (view.to - view.from) / width,
    ticks = [];
  if (scale === trueScale) {
    const step = niceStep(apart * perPixel);
    for (let at = Math.max(0, Math.ceil(view.from / step) * step); at <= view.to; at += step) {
      ticks.push({ at, x: (at - view.from) / perPixel, digits: digitsOf(step) });
    }
    return ticks;
  }
  let x = Math.max(0, -view.from / perPixel);
  while (x < width) {
    const from = scale.toT(view.from + x * perPixel),
      step = niceStep((scale.toT(view.from + (x + apart / 2) * perPixel) - from) / 2.5);
    const at = Math.ceil(from / step - 1e-9) * step,
      place = (scale.toU(at) - view.from) / perPixel;
    if (place > width || !(step > 0)) break;
    ticks.push({ at, x: place, digits: digitsOf(step) });
    x = place + apart;
  }
  return ticks;
}
