// The waveform, drawn by wavesurfer.js from peaks that the node made. Without that file the page does without.

import { el, fill } from "./dom.js";

const HEIGHT = 48;

export async function drawWave(track, peaks, timeline, player) {
  const said = (words) => fill(track, el("div", { class: "without" }, words));
  if (!timeline.has_audio) return said("No sound was recorded for this contact.");
  if (!peaks) return said("The waveform of this rendition cannot be read.");
  let WaveSurfer;
  try {
    ({ default: WaveSurfer } = await import("/app/static/vendor/wavesurfer.esm.js"));
  } catch {
    track.addEventListener("click", (event) => player.seek(((event.clientX - track.getBoundingClientRect().left) / track.clientWidth) * player.durationMs));
    return said("The waveform is not installed on this node: “make setup” with a network fetches it. Click here to seek all the same.");
  }
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colors = () => [["--left"], ["--right"]].map(([name]) => ({ waveColor: color(name), progressColor: `color-mix(in srgb, ${color(name)} 60%, ${color("--ink")})` }));
  const loudest = peaks.data.flat().reduce((most, value) => Math.max(most, value), 1);
  const wave = WaveSurfer.create({
    container: track, media: player.media, peaks: peaks.data.slice(0, 2).map((channel) => channel.map((value) => value / loudest)), duration: timeline.duration_ms / 1000,
    height: HEIGHT, splitChannels: colors(), cursorWidth: 0, hideScrollbar: true, dragToSeek: true, cspNonce: document.querySelector("meta[name=style-nonce]").content,
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => wave.setOptions({ splitChannels: colors() }));
  wave.on("ready", () => (document.documentElement.dataset.wave = "ready"));
  return wave;
}
