"""The page of a real run, as somebody sees it who opens it."""

import re
from collections import Counter

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from recorder.tracing.rows import row_text
from tests.sim.picture.pages import INCIDENT, real_run

ROUTINE = {"Heartbeat", "MarksMoved", "renew", "shared"}
LABELS = ("tick", "fault-side", "fault-text", "flight-text", "thread-text", "broken-text")


def rows():
    return real_run()[1]


def of_kind(*kinds):
    return [row for row in rows() if row.kind in kinds]


def stepped():
    """Rows that the keys stop at when nothing is filtered."""
    return [
        row.number
        for row in rows()
        if row.kind != "message" and (row.kind == "lost" or row.what not in ROUTINE)
    ]


def chain(row):
    by_number = {one.number: one for one in rows()}
    numbers = [row.number]
    while row.cause is not None:
        row = by_number[row.cause]
        numbers.insert(0, row.number)
    return numbers


def takeover():
    """The row in which the other node is primary after the crash of the first."""
    return next(row for row in of_kind("role") if (row.lane, row.what) == ("beta", "primary"))


def shown_frames(page):
    return [
        int(number)
        for number in re.search(r"(\d+) frames?, (\d+) lost", page.text("#count")).groups()
    ]


def shown_span(page):
    """Seconds between the first and the last instant shown."""
    value, unit = re.search(r"\(([\d.]+) (min|s|ms|µs)\)", page.text("#count")).groups()
    return float(value) * {"min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}[unit]


def test_the_title_says_what_was_run_and_how_it_ended(page):
    digest = real_run()[2].digest
    assert page.text("h1") == "Seed 3: pause, crash"
    assert page.text("#verdict") == "✓ Every promise kept"
    assert page.text("#story") == INCIDENT.story
    assert digest in page.text("#facts")
    assert [item.text.partition("s ")[0] for item in page.all("#faults-in-words li")]
    for fault in INCIDENT.faults:
        assert str(fault) in page.text("#faults-in-words")


def test_there_is_a_lane_for_each_place_from_the_service_to_the_data_center(page):
    assert page.each(".lane", "data-lane") == ["service", "alpha", "beta", "data_center"]
    assert page.each(".lane", "aria-label") == ["Service", "alpha", "beta", "Data Center"]
    names = [text.text for text in page.all(".lane .lane-name")]
    assert names == ["Service", "alpha", "beta", "Data Center"]


def test_roles_are_bands_with_their_names_and_terms(page):
    for node in ("alpha", "beta"):
        words = page.each(f'[data-lane="{node}"] .band', "aria-label")
        held = [row.what for row in of_kind("role") if row.lane == node]
        said = Counter(re.findall(rf"{node} is (\w+) · term", " ".join(words)))
        assert said == Counter(held)
    assert "alpha is primary · term 1" in " ".join(page.each("#picture .band", "aria-label"))
    assert "primary · term 2" in [text.text for text in page.all(".band-text")]


def test_a_dead_node_and_a_paused_one_are_seen(page):
    assert len(page.all('[data-lane="alpha"] .down')) == 1
    assert len(page.all('[data-lane="beta"] .down')) == 1
    (paused,) = page.each('[data-lane="beta"] .paused', "aria-label")
    assert paused == "beta is paused, from 0:15.000 to 0:19.000"


def test_frames_are_arrows_and_lost_ones_are_broken_off(page):
    assert shown_frames(page) == [len(of_kind("sent")), len(of_kind("lost"))]
    lost = page.each("#picture .frame.lost", "aria-label")
    assert 0 < len(lost) <= len(of_kind("lost"))
    assert all(", lost at " in words for words in lost)
    assert len(page.all("#picture .lost-mark")) >= len(lost)
    assert len(page.all("#picture .frame.news")) > 3


@pytest.mark.parametrize("what", ["Hello", "Heartbeat"])
def test_nearer_a_frame_has_an_arrow_of_its_own(page, what):
    arrived = {row.data["frame"] for row in of_kind("received")}
    sent = next(row for row in of_kind("sent") if row.what == what and row.data["frame"] in arrived)
    page.open_row(sent.number)
    page.press("z", *"+++++")
    (words,) = page.each(f'.frame[data-row="{sent.number}"]', "aria-label")
    assert words.startswith(f"{what} from {sent.lane} to {sent.to} at 0:")


def test_nearer_frames_and_requests_have_their_names(page):
    page.open_row(next(row.number for row in of_kind("sent") if row.what == "Hello"))
    page.press("z", "+", "+", "+")
    names = {text.text for text in page.all(".flight-text")}
    assert "Hello" in names
    assert names & {row.what.replace("_", " ") for row in of_kind("request", "call")}


def test_faults_are_bars_over_the_time_they_last(page):
    assert page.each(".fault[data-row]", "aria-label") == [
        f"Fault: {fault}" for fault in INCIDENT.faults
    ]
    widths = [bar.rect["width"] for bar in page.all(".fault[data-row]")]
    seconds = [fault.for_s for fault in INCIDENT.faults]
    scale = widths[2] / seconds[2]
    assert widths == pytest.approx([scale * one for one in seconds], rel=0.05)


def test_each_node_has_the_line_of_its_watermark(page):
    assert page.each(".mark-line[data-line]", "data-line") == [
        "alpha · dynamics",
        "beta · dynamics",
    ]


def test_items_are_threads_to_the_archive(page):
    keys = {row.data["key"] for row in of_kind("item") if "key" in row.data}
    archived = {row.data["key"] for row in of_kind("item") if row.what == "archived"}
    assert set(page.each(".thread[data-item]", "data-item")) == keys
    assert set(page.each(".thread.archived[data-item]", "data-item")) == archived


def test_keys_step_from_row_to_row_over_the_heartbeats(page):
    page.press(Keys.HOME)
    numbers = [page.chosen()]
    for key in ("j", Keys.ARROW_RIGHT, Keys.ARROW_DOWN, "k", Keys.ARROW_LEFT, Keys.END):
        page.press(key)
        numbers.append(page.chosen())
    want = stepped()
    assert numbers == [want[place] for place in (0, 1, 2, 3, 2, 1, -1)]
    assert f"Row {want[-1]}" in page.one("#said").get_attribute("textContent")


def test_every_step_is_seen_in_the_picture_and_in_the_address(page):
    page.press("f", "f", "z", "j")
    row = page.chosen()
    assert page.driver.current_url.endswith(f"#row-{row}")
    assert page.each(".chain .link:last-of-type", "data-row") == [str(row)]


def test_the_panel_has_the_chain_of_causes_and_a_click_goes_to_one(page):
    want = chain(takeover())
    page.open_row(takeover().number)
    assert page.text("#chosen").startswith("beta is primary, term 2")
    assert page.each("#chain a", "href") == [f"#row-{number}" for number in want]
    assert f"({len(want) - 1})" in page.text("#panel")
    page.all("#chain a")[-3].click()
    page.drawn()
    assert page.chosen() == want[-3]
    page.press("e")
    assert page.chosen() == want[-2]
    page.press("c", "c")
    assert page.chosen() == want[-4]


def test_the_crash_is_at_the_root_of_the_takeover(page):
    page.open_row(takeover().number)
    first = page.all("#chain a")[0].text
    assert first == "Fault: crash alpha at 35 s for 12 s"
    assert page.one(".chain").get_attribute("aria-label").startswith("Chain of ")


def test_the_panel_has_the_line_of_the_trace(page):
    page.open_row(takeover().number)
    index = rows().index(takeover())
    assert f"line {index + 2} of the trace file" in page.text("#panel")
    assert page.text("#raw") == row_text(takeover()).strip()


def test_a_row_named_in_the_address_is_chosen_at_once(page, real_page):
    page.open(real_page, f"#row-{takeover().number}")
    assert page.chosen() == takeover().number
    assert page.run("return scrollY") == 0


def test_when_an_item_was_offered_is_told_as_any_other_instant(page, real_page):
    row = next(one for one in of_kind("item") if "offered_ns" in one.data)
    page.open(real_page, f"#row-{row.number}")
    names, values = ([one.text for one in page.all(f"#panel .facts {tag}")] for tag in ("dt", "dd"))
    told = dict(zip(names, values, strict=True))
    minutes, seconds = re.fullmatch(r"(\d+):([\d.]+) after the start", told["offered"]).groups()
    assert int(minutes) * 60 + float(seconds) == pytest.approx(row.data["offered_ns"] / 1e9)
    assert told["changed"].endswith(" UTC")


def test_one_item_leaves_its_thread_and_its_rows(page):
    key = next(row.data["key"] for row in of_kind("item") if row.what == "archived")
    page.one("#item-filter").send_keys(key[:9])
    page.drawn()
    assert page.each(".thread[data-item]", "data-item") == [key]
    assert page.each(".path", "data-item") == [key]
    steps = [text.text for text in page.all(".path-text")]
    assert {"offered", "archived"} <= set(steps)
    mine = {row.number for row in rows() if key in str(row.data)}
    listed = {int(number) for number in page.each("#rows tbody tr", "data-row")}
    assert listed <= mine
    assert len(listed) > 5
    page.one("#item-filter").send_keys(Keys.ESCAPE)
    page.press(Keys.ESCAPE)
    assert len(page.each(".thread[data-item]", "data-item")) > 5
    assert page.all(".path") == []


def test_an_item_that_is_not_there_changes_nothing(page):
    page.one("#item-filter").send_keys("no such item")
    page.drawn()
    assert "unknown" in page.one("#item-filter").get_attribute("class")
    assert len(page.each(".thread[data-item]", "data-item")) > 5


def test_kinds_can_be_left_out(page):
    page.one("#kinds-box summary").click()
    assert page.all(".exchange.request")
    page.click('#kinds input[name="request"]')
    assert page.all("#picture .exchange.request") == []
    page.click('#kinds input[name="routine"]')
    assert page.all("#picture .frame.routine") == []
    page.click('#kinds input[name="message"]')
    assert page.all("#picture .tickmark.message")


def test_the_boxes_of_kinds_and_keys_are_never_open_one_upon_the_other(page):
    page.one("#kinds-box summary").click()
    page.one("#keys-box summary").click()
    assert [box.get_attribute("id") for box in page.all("details.tool[open]")] == ["keys-box"]
    page.one("#keys-box summary").click()
    assert not page.all("details.tool[open]")


def test_zoom_and_pan(page):
    whole = shown_span(page)
    page.press("f", "+", "+")
    near = shown_span(page)
    assert near == pytest.approx(whole * 0.36, rel=0.1)
    ticks = [text.text for text in page.all(".tick")]
    page.press("]")
    assert [text.text for text in page.all(".tick")] != ticks
    page.press("-")
    assert shown_span(page) > near
    page.click("#zoom-all")
    assert shown_span(page) == whole


def test_wheel_and_drag(page):
    whole = shown_span(page)
    page.wheel("#canvas", -400)
    near = shown_span(page)
    assert near < whole * 0.7
    before = page.text("#count")
    page.drag("#canvas", 150)
    assert page.text("#count") != before
    assert shown_span(page) == pytest.approx(near, rel=0.01)


def test_a_click_chooses_what_is_under_the_pointer(page):
    page.press("f", "f", "f", "z")
    bar = page.one(".fault[data-row]")
    number = int(bar.get_attribute("data-row"))
    page.press(Keys.HOME)
    page.press("0")
    bar = next(one for one in page.all(".fault") if one.get_attribute("data-row") == str(number))
    page.click_at(bar)
    assert page.chosen() == number


def test_idle_time_can_be_compressed(page):
    def share():
        bands = page.all('[data-lane="beta"] .role-candidate')
        return sum(band.rect["width"] for band in bands)

    before = share()
    page.press("t")
    assert share() > 2 * before
    assert page.all(".gap")
    assert page.one("#time-mode").get_attribute("value") == "idle"
    page.press("t")
    assert share() == before


@pytest.mark.parametrize("keys", ["", "t", "fz", "fffz++", "fffz----", "fffzt"])
def test_no_label_lies_on_another(page, keys):
    page.press(*keys)
    assert page.overlaps(", ".join(f"#picture .{name}" for name in LABELS)) == []
    assert page.overlaps("#picture .lane-name, #picture .strip-name") == []


@pytest.mark.parametrize("keys", ["", "t", "z", "z---"])
def test_no_label_of_an_item_lies_on_another(page, keys):
    for row in of_kind("item"):
        if row.what == "archived":
            page.run("document.getElementById('item-filter').value = arguments[0]", row.data["key"])
            page.run("document.getElementById('item-filter').dispatchEvent(new Event('input'))")
            page.press("0", *keys)
            assert page.overlaps("#picture .path-text, #picture .flight-text") == []
            page.run("document.activeElement.blur()")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_on_their_ground(page, scheme):
    page.emulate(scheme=scheme)
    roles = ("primary", "secondary", "candidate", "handing", "starting", "faulted")
    pairs = [[f"{role}-ink", role] for role in roles]
    pairs += [["ink", "ground"], ["soft", "ground"], ["ink", "raised"], ["good", "good-ground"]]
    pairs += [["bad", "bad-ground"], ["bad", "ground"], ["ground", "bad"]]
    weak = [pair for pair in page.contrasts(pairs) if pair[2] < 4.5]
    assert weak == []


def test_dark_is_dark(page):
    light = page.pixels()[0].mean()
    page.emulate(scheme="dark")
    assert page.pixels()[0].mean() < light / 3


def test_on_paper_there_are_no_tools(page):
    page.emulate(media="print", scheme="dark")
    assert not page.one("#tools").is_displayed()
    assert page.one("h1").is_displayed()
    assert page.one("#verdict").is_displayed()
    assert page.pixels()[0].mean() > 180


def test_it_asks_for_nothing(page):
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    script = "const x = document.createElement('script'); x.textContent = 'window.got = 1'; document.body.append(x); return window.got"
    assert page.run(script) is None
    assert any("Content Security Policy" in line for line in page.complaints())


def test_what_the_tools_are_is_said_to_those_who_do_not_see(page):
    script = """return [...document.querySelectorAll("button, input, select, aside, svg, form")].filter((e) => !e.closest("[hidden], [aria-hidden]")
      && !(e.getAttribute("aria-label") || e.textContent.trim() || (e.labels && e.labels.length))).map((e) => e.outerHTML)"""
    assert page.run(script) == []
    assert page.one("#said").get_attribute("role") == "status"
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#legend li")) > 10


def test_the_picture_is_not_blank(page, tmp_path):
    pixels, png = page.pixels()
    (tmp_path / "picture.png").write_bytes(png)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    colours, counts = np.unique(packed, return_counts=True)
    assert len(colours) > 100
    assert counts.max() < 0.95 * counts.sum()
    blue = (np.abs(pixels.astype(int) - [0x0B, 0x5F, 0xA5]) < 6).all(axis=2)
    assert blue.sum() > 5000, "the bands of the primaries"
