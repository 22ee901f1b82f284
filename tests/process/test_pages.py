"""The pages of two real nodes in a browser: a recorded call is played, and one node is killed meanwhile."""

import pytest

from tests.recorder.pages.window import MISSING, PROGRAMS, Window

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not all(PROGRAMS), reason=MISSING),
]

HOUR_AGO = """
const then = new Date(Date.now() - 3600000 - new Date().getTimezoneOffset() * 60000);
document.querySelector("dialog [name=from]").value = then.toISOString().slice(0, 16);
"""


@pytest.fixture
def window():
    one = Window()
    yield one
    one.close()


def test_a_recorded_call_is_found_made_ready_and_played(make_world, window):
    world = make_world()
    world.start()
    world.calls(3, over_s=0.5)
    world.settle()
    primary, secondary = world.primary_and_secondary()
    window.base = secondary.url
    window.log_in(world.pair.token, "Nora Night")
    window.go("/app/")
    window.ready("list")
    window.click("#found tbody a")
    window.wait(
        lambda: window.run("return document.documentElement.dataset.ready") == "player",
        "the contact is ready for replay",
        60,
    )
    window.play()
    window.wait(lambda: window.at_s() > 1, "a second has played")
    assert window.heard()[1] > -90
    window.press("5")
    half_s = window.run("return document.querySelector('#master').duration") / 2
    window.wait(lambda: window.at_s() >= half_s - 0.5, "the middle")
    window.pause()
    window.click("#tab-why")
    window.see("#sheet", "archived")
    assert window.hosts() == {secondary.url.removeprefix("http://")}
    window.go("/app/pair")
    window.ready("pair")
    window.click("#recover")
    window.run(HOUR_AGO)
    window.click("dialog button.main")
    window.see("dialog .done", "completed: 0 of ", 60)
    audit = primary.get("/api/v1/audit?what=media_read")["records"]
    read = sorted(row["detail"]["media"] for row in audit if row["actor"] == "admin (Nora Night)")
    assert read == ["rendition 1 media", "rendition 1 timeline"]


def test_the_pair_page_tells_of_a_killed_node_and_of_its_own(make_world, window):
    world = make_world()
    world.start()
    primary, secondary = world.primary_and_secondary()
    window.base = secondary.url
    window.log_in(world.pair.token)
    window.go("/app/pair")
    window.see("#verdict", f"{primary.name} is primary, {secondary.name} stands by.")
    world.kill(primary)
    window.see("#verdict", f"{primary.name} is silent. {secondary.name} is primary")
    window.see(f"#node-{primary.name}", "its figures are from then")
    primary.start()
    window.see("#verdict", f"{secondary.name} is primary, {primary.name} stands by.")
    # The login holds at the other node too.
    window.base = primary.url
    window.go("/app/pair")
    window.ready("pair")
    window.see("#deeds", "login")
    world.kill(primary)
    window.see("#verdict", "This node does not answer since")
    window.see("#verdict", f"Look at {secondary.name}")
    primary.start()
    window.see("#verdict", f"{secondary.name} is primary, {primary.name} stands by.")
