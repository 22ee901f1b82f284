"""The list of contacts in a browser."""

from dataclasses import replace

import pytest
from selenium.webdriver.common.keys import Keys

from recorder.adapters.contact_db.pages import encode_cursor
from recorder.records.contacts import ContactList, ContactQuery
from tests.recorder.fake_node import TOKEN
from tests.recorder.pages.script import BEGAN_US
from tests.recorder.pages.stage import Stage


def found(page):
    page.wait(
        lambda: page.run("return document.querySelector('#page').ariaBusy") == "false", "rows"
    )
    return page.texts("#found tbody tr")


def test_contacts_are_listed_and_found_by_what_is_typed(page):
    page.go("/app/")
    page.ready("list")
    assert len(found(page)) == 7
    page.one("#find [name=agent]").send_keys("sue" + Keys.ENTER)
    page.see("#told", "1 contact ")
    assert "Claim 4711" in found(page)[0]
    assert "agent=sue" in page.driver.current_url
    page.one("#find [name=number]").send_keys("+4999" + Keys.ENTER)
    page.see("#found", "Nothing here is like that.")
    page.driver.back()
    page.see("#told", "1 contact ")


def test_the_address_says_what_is_asked_for(page):
    page.go("/app/?text=session-text&source=zoom")
    page.ready("list")
    assert ["Chat about a refund" in row for row in found(page)] == [True]
    assert page.run("return document.querySelector('#find [name=text]').value") == "session-text"


def test_a_time_is_read_in_the_zone_that_is_shown(page):
    page.go("/app/?from=2025-11-21T04:39:00.000Z&to=2025-11-21T04:41:00.000Z")
    page.ready("list")
    assert len(found(page)) == 7
    page.go("/app/?from=2025-11-21T04:41:00.000Z")
    page.see("#found", "Nothing here is like that.")


def test_the_list_is_used_with_keys_alone(page, ids):
    page.go("/app/?text=session-whole")
    page.ready("list")
    page.run("document.activeElement.blur()")
    page.press("/")
    assert page.run("return document.activeElement.name") == "text"
    page.press(Keys.ARROW_DOWN)
    assert page.each("#found tr[aria-selected=true]", "aria-selected") == ["true"]
    page.press(Keys.ENTER)
    page.ready("player")
    assert ids["whole"] in page.driver.current_url


def test_pages_of_the_list_go_on_and_back(node):
    stage = Stage()
    for number in range(60):
        stage.record(f"more-{number:02d}")
    with stage.served() as base:
        node.base = base
        node.log_in(TOKEN)
        node.go("/app/?text=session-more")
        node.see("#told", "50 contacts")
        node.click("#older")
        node.see("#told", "10 contacts")
        node.driver.back()
        node.see("#told", "50 contacts")
        node.driver.get("about:blank")


def test_a_source_that_is_none_says_so(page):
    page.go("/app/?source=nothing")
    page.see("#found", "no source called 'nothing'")


def test_a_search_that_would_be_long_stops_and_says_how_far_it_looked(node, monkeypatch):
    stage = Stage()
    for number in range(3):
        stage.record(f"far-{number}")
    answer, asked = stage.contact_db.contacts, []

    def slowly(query):
        """Nothing in the first nine steps; each looks an hour further back."""
        if query.agent is None:
            return answer(query)
        asked.append(query.after)
        if len(asked) < 10:
            looked_us = BEGAN_US - len(asked) * 3_600_000_000
            return ContactList((), encode_cursor(looked_us, "x"), searched_us=looked_us)
        return answer(replace(query, after=None))

    monkeypatch.setattr(stage.contact_db, "contacts", slowly)
    with stage.served() as base:
        node.base = base
        node.log_in(TOKEN)
        node.go("/app/?agent=a&number=b")
        node.see("#partial", "more may exist before. Narrow the period")
        node.see("#found", "Nothing so far, back to 2025-11-20 20:40:00")
        assert len(asked) == 8, "then nobody asks by himself"
        monkeypatch.setattr(
            stage.contact_db,
            "contacts",
            lambda query: answer(ContactQuery()) if query.after else slowly(query),
        )
        node.click("#older")
        node.see("#told", "3 contacts")
        assert node.driver.find_elements("css selector", "#partial") == []
        node.driver.get("about:blank")


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_of_the_list_is_cut_off_sideways(page, width):
    page.go("/app/")
    page.ready("list")
    assert page.too_wide(width) == 0


def test_times_say_of_which_zone_they_are(page):
    page.go("/app/")
    page.ready("list")
    assert any(heading.startswith("Began (UTC") for heading in page.texts("#found th"))
    assert any(label.startswith("From (UTC") for label in page.texts("#find label"))


def test_a_data_center_without_contacts_says_so(node):
    with Stage().served() as base:
        node.base = base
        node.log_in(TOKEN)
        node.go("/app/")
        node.see("#found", "No contact is on record yet.")
        node.driver.get("about:blank")
