// Instants and durations for people. The time zone is the browser's, or UTC when that is chosen.

const CHOICE = "tandem-zone";

export const isUtc = () => localStorage.getItem(CHOICE) === "utc";
export function setUtc(on) {
  localStorage.setItem(CHOICE, on ? "utc" : "local");
}

const two = (number) => String(Math.floor(number)).padStart(2, "0");

function fields(instant) {
  const date = new Date(instant);
  const shown = isUtc() ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60000);
  return shown.toISOString();
}

/** 2026-11-21 04:02:11 */
export const dateTime = (instant) => (instant ? fields(instant).slice(0, 19).replace("T", " ") : "");
/** 04:02:11 */
export const clock = (instant) => (instant ? fields(instant).slice(11, 19) : "");
export const day = (instant) => (instant ? fields(instant).slice(0, 10) : "");

/** What the shown times count from. */
export function zoneName() {
  if (isUtc()) return "UTC";
  const minutes = -new Date().getTimezoneOffset();
  return minutes === 0 ? "local = UTC" : `local, UTC${minutes < 0 ? "−" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** The same, beside an instant: UTC or UTC+01:00. Of that instant, for summer is not winter. */
export function zoneShort(instant = Date.now()) {
  const minutes = isUtc() ? 0 : -new Date(instant).getTimezoneOffset();
  return minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "−" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** The instant that somebody typed into a field for date and time, in the shown zone; empty stays empty. */
export function typedInstant(text) {
  if (!text) return "";
  const date = new Date(isUtc() ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** The reverse, for the field. */
export const fieldText = (instant) => (instant ? fields(instant).slice(0, 16) : "");

/** 1:02:03 or 2:03 */
export function position(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  const rest = `${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest.replace(/^0/, "");
}

/** 2 h 5 min, 12 min, 3.2 s, 40 ms */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const size = Math.abs(seconds);
  if (size < 1) return `${Math.round(seconds * 1000)} ms`;
  if (size < 10) return `${seconds.toFixed(1)} s`;
  if (size < 120) return `${Math.round(seconds)} s`;
  if (size < 7200) return `${Math.round(seconds / 60)} min`;
  if (size < 172800) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${Math.round(seconds / 86400)} days`;
}

/** 12.3 MB */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let number = bytes, unit = 0;
  while (number >= 1000 && unit < units.length - 1) [number, unit] = [number / 1000, unit + 1];
  return `${unit && number < 10 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
}

export const count = (number) => (number === null || number === undefined ? "" : number.toLocaleString("en-US"));
