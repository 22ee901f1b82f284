"""Several screens of one contact: they really play, in step with the sound; one is chosen, or all are seen at once."""

import numpy as np
import pytest

from tests.recorder.pages.stage import TONES, colour

VIEWS = [f"figure.view:nth-of-type({number}) video" for number in (1, 2, 3)]
APART_S = 0.4
"""A picture follows the sound within a quarter of a second; the rest is for the time between two questions."""
PLACES = """return [document.querySelector("#master"), ...document.querySelectorAll("figure.view video")]
.map((media) => [media.currentTime, media.paused, media.readyState >= 2 && !media.seeking]);"""


@pytest.fixture
def shown(page, ids):
    page.go(f"/app/contact?id={ids['several']}")
    page.ready("player")
    page.wait(lambda: page.run(PLACES)[0][2], "the rendition is loaded")
    return page


def in_step(page, numbers):
    """Whether these views are where the master is, and as it is, with a picture."""
    (at_s, paused, _ready), *views = page.run(PLACES)
    return all(
        views[n][2] and abs(views[n][0] - at_s) < APART_S and views[n][1] == paused for n in numbers
    )


def shows(page, number, second):
    difference = np.array(page.colour(VIEWS[number])) - np.array(colour(second, number))
    return np.abs(difference).max() < 40


def test_all_screens_play_side_by_side_in_step_with_the_sound(shown):
    page = shown
    page.click("#views [data-view='-1']")
    page.wait(lambda: in_step(page, (0, 1)), "both screens have a picture")
    page.play("k")
    page.wait(lambda: page.at_s() > 2.2, "two seconds have played")
    page.wait(lambda: in_step(page, (0, 1)), "both screens play in step")
    assert page.heard()[0] == pytest.approx(TONES[0], abs=30)
    page.pause("k")
    page.wait(lambda: in_step(page, (0, 1)), "both screens stopped too")
    # Each shows its own picture of that second, and Sue's says that there is none yet.
    second = int(page.at_s())
    near = range(max(0, second - 1), second + 2)
    assert any(shows(page, 0, one) for one in near)
    assert any(shows(page, 1, one) for one in near)
    page.see("figure.view:nth-of-type(3)", "No screen was recorded here.")


@pytest.mark.parametrize("second", [11, 21])
def test_seeking_moves_every_screen(shown, second):
    page = shown
    page.click("#views [data-view='-1']")
    page.run(f"tandemPlayer.currentTime = {second + 0.5}")
    seen = (0, 1, 2) if second == 21 else (0, 1)
    page.wait(lambda: in_step(page, seen), "every screen is there")
    for number in seen:
        page.wait(lambda n=number: shows(page, n, second), f"screen {number + 1} of {second} s")


def test_one_screen_is_enlarged_and_all_are_shown_again(shown):
    page = shown
    assert page.texts("#views button") == [
        "As recorded", "All", "Screen Ada Agent (pc-7)", "Screen Ada Agent (pc-8)", "Screen Sue Senior"
    ]  # fmt: skip
    wide = "return document.querySelector('figure.view:nth-of-type(2)').offsetWidth"
    page.click("#views [data-view='-1']")
    small = page.run(wide)
    page.click("figure.view:nth-of-type(2) .enlarge")
    assert page.run(wide) > 1.5 * small
    assert page.each("#views [aria-pressed=true]", "data-view") == ["2"]
    page.press("v")
    assert page.each("#views [aria-pressed=true]", "data-view") == ["3"]
    page.press("v")
    assert page.each("#views [aria-pressed=true]", "data-view") == ["0"]


def test_what_is_blocked_is_blocked_on_the_screens_of_that_agent_only(shown):
    page = shown
    page.click("#views [data-view='-1']")
    page.run("tandemPlayer.currentTime = 15")
    for number in (1, 2):
        page.see(f"figure.view:nth-of-type({number})", "Blocked for payment data")
    page.see("figure.view:nth-of-type(3)", "No screen was recorded here.")


def test_each_screen_that_is_watched_is_on_record(shown, stage):
    page = shown
    page.click("#views [data-view='2']")
    page.wait(lambda: in_step(page, (1,)), "the second screen has a picture")
    read = {detail["media"] for what, _s, _a, detail in stage.trail.told if what == "media_read"}
    assert read == {"rendition 1 timeline", "rendition 1 media", "rendition 1 screen-2"}
