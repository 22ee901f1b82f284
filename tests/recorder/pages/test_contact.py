"""Contacts are really played: time moves, seeking works, picture and sound change."""

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from recorder.desk.replay import ReplayState
from recorder.web.page_routes import page_files
from tests.recorder.pages.script import timeline
from tests.recorder.pages.stage import LENGTH_S, TONES, colour, peaks, rendition


@pytest.fixture
def shown(page, ids):
    def show(name, more=""):
        page.go(f"/app/contact?id={ids[name]}{more}")
        page.ready("player")
        ended = "const m = document.querySelector('#master'); return m.readyState >= 2 || m.error"
        page.wait(lambda: page.run(ended), "the rendition is loaded")
        return page

    return show


def is_near(found, wanted):
    return np.abs(np.array(found) - np.array(wanted)).max() < 40


def test_playing_moves_time_picture_and_sound(shown):
    page = shown("whole")
    assert page.run("return document.querySelector('#master').duration") == pytest.approx(
        30, abs=0.3
    )
    page.play()
    page.wait(lambda: page.at_s() > 1.2, "a second has played")
    pitch, level = page.heard()
    assert pitch == pytest.approx(TONES[0], abs=30)
    assert level > -60
    page.pause()
    first = page.colour()
    page.press("8")
    page.seeked(24)
    page.play()
    pitch, _level = page.heard()
    assert pitch == pytest.approx(TONES[1], abs=30)
    page.pause()
    assert not is_near(page.colour(), first)


@pytest.mark.parametrize("second", [2, 11, 21])
def test_seeking_shows_the_picture_of_that_moment(shown, second):
    page = shown("whole", f"&t={second + 0.5}")
    page.seeked(second + 0.5)
    page.wait(lambda: is_near(page.colour(), colour(second)), f"the picture of second {second}")


NO_WAVEFORM = "needs the waveform, which `make pages` fetches by npm"


@pytest.mark.skipif("vendor/wavesurfer.esm.js" not in page_files(), reason=NO_WAVEFORM)
def test_a_click_on_the_waveform_goes_there(shown):
    page = shown("whole")
    page.wait(lambda: page.run("return document.documentElement.dataset.wave"), "the waveform")
    page.run(
        """const track = document.querySelector(".row.wave .track > div").shadowRoot.querySelector(".wrapper");
        const box = track.getBoundingClientRect();
        track.dispatchEvent(new MouseEvent("click", {bubbles: true, clientX: box.left + box.width / 2, clientY: box.top + 20}));"""
    )
    page.seeked(LENGTH_S / 2)
    left = page.run("return parseFloat(document.querySelector('#cursor').style.left)")
    track = page.run(
        "const t = document.querySelector('.row.wave .track'); return [t.offsetLeft, t.clientWidth]"
    )
    assert left == pytest.approx(track[0] + track[1] / 2, abs=12)


def test_without_the_waveform_everything_else_is_there(shown):
    window = shown("sound")
    blocked = {"urls": ["*/vendor/*"]}
    window.driver.execute_cdp_cmd("Network.setBlockedURLs", blocked)
    try:
        page = shown("whole")
        page.see(".row.wave", "The waveform is not installed on this node")
        page.run("document.querySelector('.row.wave .track').click()")
        page.press("5")
        page.seeked(15)
        page.see("#said [aria-current=true]", "I will give you the card")
        page.complaints()  # of the file that is missing, on purpose
    finally:
        window.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


def test_the_line_that_is_spoken_is_marked_and_a_click_goes_to_it(shown):
    page = shown("whole")
    page.press("5")
    page.seeked(15)
    page.see("#said [aria-current=true]", "I will give you the card")
    page.run("document.querySelectorAll('#said button')[4].click()")
    page.seeked(18.5)
    page.see("#said [aria-current=true]", "Sue here")
    assert page.text("#at").startswith("0:18")


def test_keys_move_through_the_contact(shown):
    page = shown("whole")
    page.press("5")
    page.seeked(15)
    for key, to_s in [
        (Keys.ARROW_LEFT, 10), (Keys.ARROW_RIGHT, 15), ("j", 5), ("l", 15), (",", 14.8), (".", 15),
        ("n", 17), ("p", 14), ("0", 0), ("9", 27),
    ]:  # fmt: skip
        page.press(key)
        page.seeked(to_s, 0.15)
    page.press(">")
    page.wait(lambda: page.run("return tandemPlayer.playbackRate") == 1.25, "faster")
    page.press("m")
    assert page.run("return tandemPlayer.muted")
    page.press("?")
    page.see("#keys", "one picture back")


def test_speed_is_chosen(shown):
    page = shown("whole")
    page.choose("#speed", "2")
    assert page.run("return tandemPlayer.playbackRate") == 2


def test_lanes_show_who_took_part_what_happened_and_what_is_blocked(shown):
    page = shown("whole")
    names = page.texts(".row > .name")
    for name in ("Screen Ada Agent", "Blocked", "Segments", "Ada Agent", "Sue Senior", "Events"):
        assert name in names
    labels = page.each(".event", "aria-label")
    assert labels[0] == "0:00 Ada Agent rings"
    assert any("recording is blocked" in label for label in labels)
    assert len(page.all(".veil.mask")) == 1
    page.run("document.querySelectorAll('.event')[4].click()")
    page.seeked(18)


def test_a_blocked_stretch_and_a_missing_screen_say_so_instead_of_a_picture(shown):
    page = shown("whole", "&t=15")
    page.see("#curtain", "Blocked for payment data")
    page.press("8")
    page.press(Keys.ARROW_RIGHT)
    page.run("tandemPlayer.currentTime = 25")
    page.see("#curtain", "No screen was recorded here.")
    assert page.run("return getComputedStyle(tandemPlayer).visibility") == "hidden"
    page.run("tandemPlayer.currentTime = 5")
    page.wait(
        lambda: page.run("return document.querySelector('#curtain').textContent") == "", "a picture"
    )
    assert page.run("return getComputedStyle(tandemPlayer).visibility") == "visible"


def test_a_contact_without_screen_plays_its_sound(shown):
    page = shown("sound")
    page.see("#curtain", "Sound only")
    page.play()
    page.wait(lambda: page.at_s() > 1, "a second has played")
    assert page.heard()[1] > -60
    page.pause()


def test_a_contact_without_sound_plays_its_screen(shown):
    page = shown("screen")
    page.see(".row.wave", "No sound was recorded")
    page.play()
    page.wait(lambda: page.at_s() > 2.2, "two seconds have played")
    page.pause()
    assert max(page.colour()) > 20
    page.click("#tab-text")
    page.see("#sheet", "No chat, captions or transcript")


def test_a_contact_of_text_only_runs_its_clock_over_the_text(shown):
    page = shown("text")
    page.see("#curtain", "Text only")
    page.press("3")
    page.see("#said [aria-current=true]", "Let me look at that with you")


def test_a_contact_that_is_being_made_ready_is_shown_when_it_is(page, stage, ids):
    stage.states[ids["making"]] = (ReplayState.MAKING, "", "")
    page.go(f"/app/contact?id={ids['making']}")
    page.see("#state", "is being made ready")
    page.see("#sheet", "Ada Agent")
    contact = ids["making"]
    stage.stitch(
        contact, timeline(contact, screen=False), rendition(screen=False, length_s=2), peaks()
    )
    del stage.states[contact]
    page.ready("player")


def test_a_newer_rendition_is_offered(shown, stage, ids):
    page = shown("sound")
    stage.stitch(
        ids["sound"], timeline(ids["sound"], screen=False), rendition(screen=False), peaks()
    )
    page.see("#play", "A newer rendition was made")


def test_a_contact_that_failed_says_why_and_offers_its_originals(page, ids):
    page.go(f"/app/contact?id={ids['failed']}")
    page.see("#making", "call.mp3: the file is no audio.")
    page.click("#tab-originals")
    page.see("#sheet", "failed.mp3")
    page.see("#sheet", "SHA-256")
    (address,) = page.each("#sheet a[download]", "href")
    assert "download=true" in address


def test_revisions_and_why_are_told(shown):
    page = shown("whole")
    page.click("#tab-revisions")
    page.see("#sheet table", "1 conversations, 1 files")
    page.click("#tab-why")
    page.see("#sheet", "archived")


def test_a_replay_is_on_record_once(shown, stage, ids):
    page = shown("whole")
    page.play()
    page.press("9")
    page.seeked(27, 2)
    page.pause()
    read = [detail for what, _s, _a, detail in stage.trail.told if what == "media_read"]
    assert [one["media"] for one in read] == ["rendition 1 timeline", "rendition 1 media"]
    assert {actor for what, _s, actor, _d in stage.trail.told if what == "media_read"} == {
        "admin (Nora Night)"
    }
    assert {subject for what, subject, *_more in stage.trail.told if what == "media_read"} == {
        ids["whole"]
    }


def test_a_contact_that_is_none_says_so(page):
    page.go("/app/contact?id=nothing")
    page.see("#page", "There is no contact 'nothing'.")


@pytest.mark.parametrize("width", [400, 1280, 1920])
def test_nothing_is_cut_off_sideways(shown, width):
    page = shown("whole")
    assert page.too_wide(width) == 0
