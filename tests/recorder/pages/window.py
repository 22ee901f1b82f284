"""A browser that looks at the pages of a node, and watches whom they ask."""

import json
from urllib.parse import urlsplit

from selenium.webdriver.support.ui import Select

from tests.sim.picture.browser import MISSING, PROGRAMS, Browser
from tests.waiting import wait_until

__all__ = ["MISSING", "PROGRAMS", "Window"]

PATIENCE_S = 50.0
"""Browsers are slow where many share a computer; what works takes far less."""
EXPECTED = ("the server responded with a status of 4", "Password forms", "status of 503")
SOUND = """
const media = document.querySelector("#master"), done = arguments[arguments.length - 1];
if (!window.ear) {
  const context = new AudioContext();
  window.ear = { context, analyser: context.createAnalyser() };
  window.ear.analyser.fftSize = 4096;
  const source = context.createMediaElementSource(media);
  source.connect(window.ear.analyser);
  window.ear.analyser.connect(context.destination);
}
const { context, analyser } = window.ear, heard = new Float32Array(analyser.frequencyBinCount);
// On a busy computer sound comes late and in pieces: it is listened for until some is there.
const listen = (tries) => {
  analyser.getFloatFrequencyData(heard);
  let best = 0;
  heard.forEach((level, bin) => { if (level > heard[best]) best = bin; });
  if (heard[best] > -50 || !tries) done([best * context.sampleRate / analyser.fftSize, heard[best]]);
  else setTimeout(listen, 250, tries - 1);
};
context.resume().then(() => setTimeout(listen, 250, 30));
"""
PICTURE = """
const media = document.querySelector(arguments[0]), canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [64, 36];
const paint = canvas.getContext("2d");
paint.drawImage(media, 0, 0, 64, 36);
return [...paint.getImageData(50, 30, 1, 1).data].slice(0, 3);
"""


class Window(Browser):
    """Opens addresses of one node."""

    def __init__(self):
        super().__init__()
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.base = ""

    def go(self, path):
        self.driver.get(f"{self.base}{path}")

    def forget(self):
        """Nobody is logged in any more."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def log_in(self, token, user=""):
        self.forget()
        self.go("/login")
        self.one("#token").send_keys(token)
        self.one("#user").send_keys(user)
        self.click("#login button")
        self.wait(lambda: "/login" not in self.driver.current_url, "the login is taken")

    def wait(self, condition, what, timeout_s=PATIENCE_S):
        wait_until(condition, timeout_s, what, every_s=0.05)

    def ready(self, what):
        """Wait until the page says that it came so far."""
        self.wait(lambda: self.run("return document.documentElement.dataset.ready") == what, what)

    def see(self, selector, words, timeout_s=PATIENCE_S):
        """Wait until a part of the page holds these words."""
        script = "return document.querySelector(arguments[0])?.textContent ?? ''"
        self.wait(
            lambda: words in self.run(script, selector), f"{words!r} in {selector}", timeout_s
        )

    def texts(self, selector):
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return self.run(script, selector)

    def choose(self, selector, value):
        Select(self.one(selector)).select_by_value(value)

    def too_wide(self, width):
        """By how many pixels the page does not fit into a window of this width, a phone's or a desk's."""
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        try:
            self.drawn()
            return max(0, self.run("return document.documentElement.scrollWidth") - width)
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    # -- the player ----

    def at_s(self):
        return self.run("return document.querySelector('#master').currentTime")

    def play(self, key=" "):
        """Play until time moves. After a click on a button use `k`: a space would be the button's."""
        before = self.at_s()
        if self.run("return document.querySelector('#master').paused"):
            self.press(key)
        self.wait(lambda: self.at_s() > before, "time moves")

    def pause(self, key=" "):
        if not self.run("return document.querySelector('#master').paused"):
            self.press(key)

    def seeked(self, to_s, within_s=0.6):
        near = "const m = document.querySelector('#master'); return !m.seeking && m.readyState >= 2"
        self.wait(
            lambda: self.run(near) and abs(self.at_s() - to_s) < within_s,
            f"the player is at {to_s}",
        )

    def heard(self):
        """The loudest frequency and how loud it is, in dB."""
        return self.driver.execute_async_script(SOUND)

    def colour(self, selector="#master"):
        """Of one place of the picture that is decoded now."""
        return self.run(PICTURE, selector)

    # -- whom it asked ----

    def hosts(self):
        """Every host that a page of this window asked."""
        asked = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
        return {urlsplit(address).netloc for address in self.run(asked)}

    def wrong(self):
        """What the console complains of, but for refusals that a test provokes."""
        return [
            entry
            for entry in self.complaints()
            if not any(words in json.loads(entry)["message"] for words in EXPECTED)
        ]
