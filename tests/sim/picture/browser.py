"""A headless browser that looks at pages as files."""

import io
import json
import shutil

import av
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By

PROGRAMS = (shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver"))
MISSING = "needs chromium and chromedriver (packages chromium and chromium-driver)"

OVERLAPS = """
const boxes = [...document.querySelectorAll(arguments[0])].map((text) => [text.textContent, text.getBoundingClientRect()]);
const found = [];
boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([two, b]) => {
  if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) found.push(`${one} | ${two}`);
}));
return found;
"""
TWO_FRAMES = (
    "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));"
)
CONTRASTS = """
const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const light = (color) => {
  paint.fillStyle = color;
  paint.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const names = arguments[0], style = getComputedStyle(document.documentElement), color = (name) => light(style.getPropertyValue(`--${name}`));
return names.map(([ink, ground]) => {
  const [high, low] = [color(ink), color(ground)].sort((a, b) => b - a);
  return [ink, ground, (high + 0.05) / (low + 0.05)];
});
"""


class Browser:
    """One window; pages are opened one after the other."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = PROGRAMS[0]
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
            options.add_argument(f"--{argument}")
        options.add_argument("--window-size=1500,1300")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(PROGRAMS[1]))

    def close(self):
        self.driver.quit()

    def open(self, path, anchor=""):
        """A fresh page, drawn."""
        self.driver.get("about:blank")
        self.driver.get(f"{path.as_uri()}{anchor}")
        self.drawn()

    def drawn(self):
        """Wait until what was asked for is on the screen."""
        try:
            self.driver.execute_async_script(TWO_FRAMES)
        except TimeoutException:  # the page that was asked left for another one
            self.driver.execute_async_script(TWO_FRAMES)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).text

    def each(self, selector, attribute):
        """An attribute of every element, in the order of the page."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.getAttribute(arguments[1]))"
        return self.run(script, selector, attribute)

    def press(self, *keys):
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
        self.drawn()

    def click(self, selector):
        self.one(selector).click()
        self.drawn()

    def open_row(self, number):
        """As a link to the row does."""
        self.run("location.hash = arguments[0]", f"#row-{number}")
        self.drawn()

    def wheel(self, selector, by):
        origin = ScrollOrigin.from_element(self.one(selector))
        ActionChains(self.driver).scroll_from_origin(origin, 0, by).perform()
        self.drawn()

    def drag(self, selector, by):
        moves = ActionChains(self.driver, duration=50)
        moves.click_and_hold(self.one(selector)).move_by_offset(by, 0).release().perform()
        self.drawn()

    def click_at(self, element):
        """Where the element is, whatever lies on it."""
        ActionChains(self.driver).move_to_element(element).click().perform()
        self.drawn()

    def chosen(self):
        """The number of the chosen row, as the table of rows has it."""
        (number,) = self.each("#rows tr[aria-selected]", "data-row")
        return int(number)

    def overlaps(self, selector):
        """Pairs of labels that lie on each other."""
        return self.run(OVERLAPS, selector)

    def contrasts(self, pairs):
        return self.run(CONTRASTS, pairs)

    def emulate(self, media="", scheme="light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        command = {"media": media, "features": features}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", command)
        self.drawn()

    def complaints(self):
        """What the console says since it was last asked."""
        return [json.dumps(entry) for entry in self.driver.get_log("browser")]

    def pixels(self):
        """The window as an array of height, width, and three colours; the bytes of the PNG too."""
        png = self.driver.get_screenshot_as_png()
        with av.open(io.BytesIO(png)) as container:
            (frame,) = container.decode(video=0)
            return frame.to_ndarray(format="rgb24"), png
