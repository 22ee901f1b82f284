"""The pair in a browser: what an operator sees, and what admins do there."""

from dataclasses import fields, replace

import pytest

from cluster.messages import SetPaused, Switchover
from cluster.status import PairStatus, PeerStatus
from recorder.model import Window as Period
from recorder.records.recoveries import RecoveryQuery
from recorder.scn.model import Leg, Span, Verdict
from recorder.scn.recorder_status import (
    DesktopStatus,
    PeerScreensStatus,
    ScreenRecorderStatus,
    ToldDesktop,
    ToldScreens,
)
from recorder.scn.ris_status import AgentAtHand, RisStatus
from recorder.screen.screen_findings import two_desktops
from recorder.status import Findings
from tests.recorder.fake_node import BEGAN_US, LINK_DOWN, source_status


@pytest.fixture
def pair(page, stage):
    stage.pair.told.clear()
    stage.obey()
    page.go("/app/pair")
    page.ready("pair")
    return page


def test_both_nodes_are_shown_with_roles_and_figures(pair):
    pair.see("#verdict", "alpha is primary, beta stands by. All is well.")
    alpha, beta = pair.text("#node-alpha"), pair.text("#node-beta")
    assert "primary" in alpha
    assert "this node" in alpha
    assert "secondary" in beta
    assert "3 of 24" in alpha
    assert "link alive" in pair.text("#link")
    assert pair.each("#node-beta a", "href") == ["http://10.0.0.6:8443/app/pair"]


def test_what_changes_is_shown_within_seconds(pair, stage):
    stage.change("pair", PairStatus, peer="dead")
    stage.board.publish("findings", Findings((LINK_DOWN,)))
    pair.see("#verdict", "beta is silent. alpha is primary and goes on alone.")
    pair.see("#findings", "beta is not heard")
    pair.see("#node-beta", "its figures are from then")
    stage.change("pair", PairStatus, peer="alive")
    stage.board.publish("findings", Findings(()))
    pair.see("#verdict", "All is well.")


def test_a_source_shows_its_lag_its_troubles_and_what_is_covered(pair, stage):
    now_us = stage.clock.wall_us()
    hour_us = 3_600_000_000
    coverage = (
        Period(now_us - 5 * hour_us, now_us - 3 * hour_us),
        Period(now_us - 2 * hour_us, now_us),
    )
    wrong = {"last_error": "the service asks for patience", "next_step": "none"}
    stage.board.publish("source:zoom", source_status(coverage=coverage, **wrong))
    pair.see("#source-zoom", "the service asks for patience")
    (told,) = pair.each("#source-zoom .coverage", "aria-label")
    assert "with 1 gap" in told
    stage.board.publish("source:zoom", source_status())


def test_an_admin_switches_over_after_a_question(pair, stage):
    pair.click("#switchover")
    pair.see("dialog", "beta becomes primary in a new term")
    assert stage.pair.told == []
    pair.click("dialog button.main")
    pair.see("dialog .done", "it is done")
    assert [type(message) for message in stage.pair.told] == [Switchover]
    pair.run("document.querySelector('dialog').close()")
    pair.see("#verdict", "beta is primary, alpha stands by.")
    told = [(what, actor) for what, _s, actor, _d in stage.trail.told]
    assert ("switchover", "admin (Nora Night)") in told
    stage.publish_all()


def test_an_admin_pauses_and_resumes(pair, stage):
    pair.click("#pause")
    pair.see("dialog", "nobody takes over")
    pair.click("dialog button.danger")
    pair.see("dialog .done", "it is done")
    pair.run("document.querySelector('dialog').close()")
    pair.see("#verdict", "Paused")
    pair.click("#pause")
    pair.click("dialog button.main")
    pair.see("dialog .done", "it is done")
    assert [one.paused for one in stage.pair.told if isinstance(one, SetPaused)] == [True, False]
    stage.publish_all()


def test_a_refusal_is_told_with_what_to_do(pair, stage, monkeypatch):
    answer = type(stage.pair.answer)("refused", "beta is behind", "Wait for it.")
    monkeypatch.setattr(stage.pair, "answer", answer)
    monkeypatch.setattr(stage.pair, "then", lambda _message: None)
    pair.click("#switchover")
    pair.click("dialog button.main")
    pair.see("dialog [role=alert]", "beta is behind")
    pair.see("dialog [role=alert]", "Wait for it.")


def test_a_recovery_begins_with_a_dry_run(pair, stage):
    pair.click("#recover")
    pair.see("dialog", "it counts what is missing")
    pair.run("document.querySelector('dialog [name=from]').value = '2025-11-20T00:00'")
    pair.click("dialog button.main")
    asked = stage.recoveries.recoveries
    pair.wait(lambda: asked(RecoveryQuery()).rows, "the recovery is on record")
    (row,) = asked(RecoveryQuery()).rows
    assert (row.dry_run, row.source, row.requested_by) == (True, "zoom", "admin (Nora Night)")
    pair.run("document.querySelector('dialog').close()")
    pair.see("#recoveries", "dry run")


def test_the_history_of_roles_is_told(pair, stage):
    stage.history((BEGAN_US, "beta", "secondary", "primary", 6, "alpha is silent"))
    pair.see("#deeds", "secondary → primary, term 6")
    pair.see("#deeds", "alpha is silent")


@pytest.mark.usefixtures("node")
def test_what_is_old_is_grey_and_says_how_old(stage, window):
    with stage.served() as base:
        window.base = base
        window.log_in("the-admin-token")
        window.go("/app/pair")
        window.ready("pair")
    window.see("#verdict", "This node does not answer since")
    window.see("#verdict", "Look at beta")
    assert window.run("return document.body.classList.contains('stale')")
    assert all(window.run("return [...document.querySelectorAll('#commands button')].map((b) => b.disabled)"))  # fmt: skip
    window.driver.get("about:blank")  # first: the page goes on asking
    window.complaints()  # of a node that went away, on purpose


def at_hand(name, lasting, *, masked=False):
    return AgentAtHand(f"zoom/{name}", (), lasting, masked, "connected", BEGAN_US)


def recorder_of(*desktops, stopped=""):
    numbers = [one.name for one in fields(ScreenRecorderStatus)]
    counts = dict.fromkeys(numbers, 0) | {"desktops": desktops, "stopped": stopped}
    return ScreenRecorderStatus(**counts)


@pytest.fixture
def agents(pair, stage):  # noqa: ARG001 - `pair` moves the clock
    """Ada is recorded by alpha, bo is blocked at beta, cy waits at beta, and di has no desktop."""
    known = {
        f"zoom/{name}": at_hand(name, lasting, masked=masked)
        for name, lasting, masked in (("ada", 1, 0), ("bo", 1, 1), ("cy", 0, 0), ("di", 1, 0))
    }
    stage.board.publish("ris", RisStatus(known, 9, 9, 0, 0, 0, 0, 0, 0, ""))
    here = DesktopStatus("pc-7", ("zoom/ada",), "pc-7.lan", True, False, 1.5, 0.2)
    stage.board.publish("screens", recorder_of(here))
    there = (
        ToldDesktop("pc-8", ("zoom/bo",), streaming=True, masked=True),
        ToldDesktop("pc-9", ("zoom/cy",), streaming=False, masked=False),
    )

    def told(age_s, desktops=there):
        heard_ns = stage.clock.now_ns - int(age_s * 1e9)
        status = PeerScreensStatus(ToldScreens("beta", desktops, 0, ""), heard_ns)
        stage.board.publish("peer_screens", status)

    told(0.5)
    return told


@pytest.mark.usefixtures("agents")
def test_the_screens_of_both_nodes_are_shown(pair):
    pair.see("#agents", "alpha records 1 of 1 desktop.")
    pair.see("#agents", "beta records 1 of 2 desktops.")
    rows = pair.texts("#agents tbody tr")
    assert rows[0].startswith("zoom/adarecordingrecorded by alpha")
    assert rows[1].startswith("zoom/bomaskedblocked at beta")
    assert rows[2].startswith("zoom/direcordingno desktop is connected")
    assert rows[3].startswith("zoom/cyidlepc-9 at beta waits")
    pair.see("#node-alpha", "1 recorded")
    pair.see("#node-beta", "1 recorded")


@pytest.mark.usefixtures("agents")
def test_agents_are_shown_by_their_names_and_sources_by_those_of_their_services(pair, stage):
    leg = Leg("zoom/ada", "session-whole", Span(BEGAN_US, None), Verdict.KEPT, "")
    known = stage.board.read("ris", RisStatus)
    ada = replace(known.agents["zoom/ada"], legs=(leg,))
    stage.board.publish("ris", replace(known, agents={**known.agents, "zoom/ada": ada}))
    stage.board.publish("findings", Findings((two_desktops("zoom/ada", "pc-7", "pc-8"),)))
    pair.see("#agents", "Ada Agent zoom")
    assert pair.each("#agents td.agent span[title]", "title") == ["zoom/ada"]
    assert pair.texts("#agents tbody tr")[1].startswith("zoom/bomasked")
    pair.see("#findings", "Ada Agent: Ada Agent has more than one desktop")
    pair.see("#source-zoom", "Zoom Meetings")
    stage.board.publish("findings", Findings(()))


def test_the_screens_of_a_node_that_is_down_are_told_with_their_age(pair, stage, agents):
    agents(42)
    stage.change("pair", PairStatus, peer="dead")
    pair.see("#agents", "beta is silent. When last heard, 42 s ago, it recorded 1 of 2 desktops")
    pair.see("#agents", "was recorded by beta, 42 s ago")
    pair.see("#node-beta", "1 recorded 42 s ago")
    # Its desktops come to the other node, and what it said of them is over.
    moved = DesktopStatus("pc-8", ("zoom/bo",), "pc-8.lan", True, False, 1.5, 0.2)
    stage.board.publish("screens", recorder_of(moved))
    pair.see("#agents", "zoom/bomaskedrecorded by alpha")
    stage.publish_all()


def test_a_node_that_told_nothing_of_its_screens_says_so(pair, stage, agents):
    agents(90)
    pair.see("#agents", "beta told nothing of its screens for 90 s; then it recorded 1 of 2")
    stage.board._parts.pop("peer_screens")
    pair.see("#agents", "beta told nothing of its screens: it just started, records none, or is")
    stage.board.publish("screens", recorder_of(stopped="the disk is full"))
    pair.see("#agents", "It records nothing now: the disk is full.")


def test_a_finding_colours_the_verdict(pair, stage):
    stage.board.publish("findings", Findings((LINK_DOWN,)))
    pair.see("#verdict", "There are findings.")
    assert pair.run("return document.querySelector('#verdict').className") == "warn"
    stage.board.publish("findings", Findings(()))


def test_a_peer_that_was_never_heard_is_told(pair, stage):
    stage.change("peer", PeerStatus, node="")
    pair.see("#verdict", "no other node was heard of yet")
    stage.publish_all()


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_of_the_pair_is_cut_off_sideways(pair, width):
    pair.see("#agents", "beta records")
    assert pair.too_wide(width) == 0
