"""Pages of runs that went wrong, are large, or are of one node: in a browser."""

import pytest

from sim.picture import heat_map, write_picture
from sim.world.incident import Fault
from tests.sim.picture.pages import INCIDENT, by_hand, real_run, with_violation

ELEMENTS_MAX = 3000


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of what it is given; nothing in it may complain."""

    def opened(*shown):
        path = tmp_path / "page.html"
        write_picture(*shown[:3], path, *shown[3:])
        browser.emulate()
        browser.open(path)
        return browser

    yield opened
    assert browser.complaints() == []


def broken_run():
    header, rows, report = real_run()
    rows, report = with_violation(rows, report)
    return header, rows, report


def fatal(incident):
    """The crash of the primary is fatal from 34 to 36 s when it lasts."""
    fault = incident.faults[2]
    return broken_run()[2] if 34 <= fault.at_s <= 36 and fault.for_s >= 12 else real_run()[2]


def test_a_broken_promise_is_said_first_and_is_the_chosen_row(show):
    page = show(*broken_run())
    rows, report = broken_run()[1:]
    assert page.text("#verdict") == "✕ 1 broken promise"
    assert "nothing lost" in page.text("#broken li")
    assert report.violations[0].violation.what in page.text("#broken li")
    assert page.chosen() == rows[-1].number
    (words,) = page.each("#picture .broken-mark", "aria-label")
    assert words == "Broken: nothing lost — offered, and nowhere to be found"
    assert "nothing lost" in [text.text for text in page.all(".broken-text")]
    assert len(page.all("#picture .broken-line")) == 1


def test_keys_go_to_the_broken_promise_and_to_each_fault(show):
    page = show(*broken_run())
    page.press("f")
    first = page.chosen()
    page.press("f", "f", "F", "F")
    assert page.chosen() == first
    page.press("v")
    assert page.text("#chosen").startswith("Broken: nothing lost")


def test_from_a_broken_promise_one_comes_to_its_item(show):
    page = show(*broken_run())
    (key,) = broken_run()[1][-1].data["items"]
    page.click("#panel button.only")
    assert page.each(".thread[data-item]", "data-item") == [key]
    assert page.one("#item-filter").get_attribute("value") == key


def test_the_heat_map_has_a_table_for_each_fault(show):
    heat = heat_map(INCIDENT, run=fatal, progress=lambda _done, _planned: None)
    page = show(*broken_run(), heat)
    captions = [caption.text for caption in page.all(".heat caption")]
    assert captions == [str(fault) for fault in INCIDENT.faults]
    tables = page.all("table.heat")
    assert len(page.all(".heat td")) == heat.runs
    cells = tables[2].find_elements("css selector", "td.fatal")
    assert len(cells) == 2 * 5
    assert {cell.text for cell in cells} == {"✕ 1"}
    (own,) = tables[2].find_elements("css selector", "td.own")
    assert own.get_attribute("aria-label") == "at 35 s for 12 s: broken nothing lost"
    assert tables[2].find_elements("css selector", "td.kept")[0].text == "·"
    assert "as it was" in tables[2].text
    words = [text.text for text in page.all(".heat-words")]
    assert words[2] == "Breaks somewhere: nothing lost."


def test_a_heat_map_says_what_it_left_out(show):
    heat = heat_map(INCIDENT, runs_max=3, run=fatal, progress=lambda _done, _planned: None)
    assert "2 faults left out" in show(*broken_run(), heat).text("#heat")


def test_without_a_heat_map_there_is_no_place_for_one(show):
    assert not show(*real_run()).one("#heat").is_displayed()


def test_texts_of_a_trace_are_never_markup(show):
    bad = '<img src=x onerror="document.title=1"></script><script>document.title=2</script>'
    header, rows = by_hand(
        (0, "alpha", "life", "started"),
        (1, "alpha", "role", bad, {"term": 1, "reason": bad}),
        (2, "service", "item", "offered", {"key": bad, "source": bad}),
        (3, "alpha", "item", bad, {"key": bad}),
        (4, "world", "fault", "crash", {"phase": "begin", "text": bad, "number": 1}),
        (5, "alpha", "sent", bad, {"frame": "1", "item": bad}),
        (6, "world", "violation", bad, {"text": bad, "items": [bad]}),
    )
    page = show(header, rows, None)
    for _ in range(6):
        page.press("k")
    page.press("t", "+")
    assert page.all("img") == []
    assert page.driver.title == "Trace of world"
    assert bad in page.text("#broken")


def test_the_trace_of_one_node_has_its_lane_and_that_of_its_peer(show):
    header, rows = by_hand(
        (0, "alpha", "role", "primary", {"term": 4}),
        (1, "alpha", "sent", "Heartbeat", {"frame": "1"}),
        (2, "alpha", "request", "list", {"began_ns": 1_500_000_000, "outcome": "ok"}),
        (3, "alpha", "call", "commit", {"began_ns": 2_900_000_000, "outcome": "failed: X"}),
    )
    peers = {"sent": "beta", "request": "service", "call": "data_center"}
    rows = [
        type(row)(row.number, row.at_ns, row.lane, row.kind, row.what, to=peers.get(row.kind, ""))
        for row in rows
    ]
    page = show(header, rows, None)
    assert page.each(".lane", "data-lane") == ["service", "alpha", "beta", "data_center"]
    assert page.text("#verdict") == "Not judged"
    assert page.text("#faults-in-words p") == "None."


def test_a_trace_without_a_row_is_a_page_all_the_same(show):
    header, rows = by_hand()
    page = show(header, rows, None)
    page.press("j", "k", "+", "-", "t", "z", "f", "v", "c", "e")
    assert "No row chosen" in page.text("#panel")


def test_a_frame_said_twice_arrives_twice(show):
    header, rows = by_hand(
        (0, "beta", "role", "secondary", {"term": 1}),
        (1, "alpha", "sent", "JobOffer", {"frame": "1"}),
        (1.5, "beta", "received", "JobOffer", {"frame": "1"}),
        (2, "beta", "received", "JobOffer", {"frame": "1"}),
    )
    rows[1] = type(rows[1])(
        2, 10**9, "alpha", rows[1].kind, "JobOffer", to="beta", data={"frame": "1"}
    )
    assert len(show(header, rows, None).all("#picture .frame.news")) == 2


def test_a_fault_that_is_over_at_once_is_a_mark(show):
    fault = Fault("link_reset", at_s=5)
    header, rows = by_hand(
        (0, "alpha", "life", "started"),
        (5, "world", "fault", "link_reset", {"phase": "begin", "text": str(fault), "number": 1}),
        (10, "alpha", "life", "stopped"),
    )
    (bar,) = show(header, rows, None).all(".fault[data-row]")
    assert bar.rect["width"] < 5


def test_fifty_thousand_rows_are_drawn_as_few_elements_and_stepped_through(show):
    kinds = [
        ("alpha", "sent", "Heartbeat"),
        ("beta", "received", "Heartbeat"),
        ("alpha", "request", "list"),
        ("beta", "call", "look"),
        ("alpha", "message", "PageListed"),
        ("alpha", "item", "archived"),
    ]
    rows = [
        (0, "alpha", "role", "primary", {"term": 1}),
        (0, "beta", "role", "secondary", {"term": 1}),
    ]
    for number in range(50_000):
        lane, kind, what = kinds[number % len(kinds)]
        data = {"frame": str(number - number % 6), "key": f"item-{number // 600}"}
        rows.append((1 + number / 50, lane, kind, what, data))
    header, rows = by_hand(*rows)
    page = show(header, rows, None)
    assert page.run("return document.querySelectorAll('*').length") < ELEMENTS_MAX
    start = page.chosen()
    page.press("j", "j", "+", "t", "0")
    assert page.chosen() > start
    assert len(page.all("#rows tbody tr")) < 30
    spent_ms = page.run(
        "const began = performance.now(); for (let i = 0; i < 5; i += 1) dispatchEvent(new Event('beforeprint')); return (performance.now() - began) / 5"
    )
    assert spent_ms < 1500, "one drawing of the whole run"
