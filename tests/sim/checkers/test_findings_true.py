"""What reconciliation says against what is so: each thing once, as long as it is so, with a cause."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from recorder.model import ItemRef
from recorder.records.contacts import ItemRow
from recorder.records.findings import (
    ACCEPTED,
    FindingRow,
    RunRow,
    Scope,
    Severity,
    What,
    Why,
)
from sim.checkers.findings_true import (
    Thing,
    check_closed,
    check_left,
    check_once,
    check_opened,
    check_told,
)
from sim.truth import TruthItem

NOW = 1_000
SINCE = (900, NOW)
WHOLE = RunRow("C-1", "dyn", Scope.RETENTION, 0, 800, 850, 800)


def offered(version="v1", **more):
    facts = {"changed_us": 100, "offered_us": 100, **more}
    return TruthItem("dyn", "i", version, "s", **facts)


def a_row(state="archived", version="v1"):
    ref = ItemRef("dyn", "i", version, 100, "s", {})
    return ItemRow(ref, state, "", 1, 110, "alpha", 120, None, "", None, False, "c", 0, 0.0)


def thing(*versions, state="archived", **more):
    row = None if state is None else a_row(state)
    return Thing(("dyn", "i"), versions or (offered(),), row, **more)


def stray(**more):
    return Thing(("dyn", "o"), **more)


def a_finding(what=What.NOT_HERE, subject="i", **more):
    facts = {"why": Why.LATE_AT_SOURCE, "severity": Severity.CRITICAL, "at_us": 100, "detail": "so"}
    return FindingRow("F-1", "dyn", what, subject, opened_us=950, seen_us=950, **{**facts, **more})


def opened(what, about, **more):
    return [one.what for one in check_opened(a_finding(what, **more), about, SINCE)]


def closed(what, about, because="it agrees again"):
    row = a_finding(what, closed_us=NOW, closed_because=because)
    return [one.what for one in check_closed(row, about, SINCE)]


def told(about, *findings, run=WHOLE, began_us=850):
    return [one.what for one in check_told(run, began_us, NOW, [about], findings)]


SO = {
    What.NOT_HERE: thing(state=None),
    What.LOST: thing(offered(deleted_us=500), state="gone"),
    What.DIFFERS: thing(offered(replaced_us=500), offered("v2", offered_us=500)),
    What.OBJECT_MISSING: thing(broken=[(500, None)]),
    What.OBJECT_WITHOUT_ROW: stray(stray=[(500, None)]),
}
NOT_SO = {
    What.NOT_HERE: thing(here_us={"v1": 120}),
    What.LOST: thing(state="failed"),
    What.DIFFERS: thing(),
    What.OBJECT_MISSING: thing(broken=[(500, 600)]),
    What.OBJECT_WITHOUT_ROW: stray(stray=[(500, 600)], is_named=True),
}


@pytest.mark.parametrize("what", SO)
def test_what_is_so_may_be_said_and_what_is_not_is_told(what):
    assert opened(what, SO[what]) == []
    assert opened(what, NOT_SO[what]) == [f"a finding says {what.value} of what is not so"]


@pytest.mark.parametrize("what", SO)
def test_what_is_over_may_be_closed_and_what_is_so_all_the_time_may_not(what):
    assert closed(what, NOT_SO[what]) == []
    assert closed(what, SO[what]) == [
        f"a finding of {what.value} was closed, and it was so all the time"
    ]
    assert closed(what, SO[what], f"{ACCEPTED}well as it is") == []


def test_what_became_so_in_the_middle_of_a_comparison_may_be_said_or_not():
    late = thing(state="archived", broken=[(950, None)])
    assert opened(What.OBJECT_MISSING, late) == closed(What.OBJECT_MISSING, late) == []
    came = thing(here_us={"v1": 950})
    assert opened(What.NOT_HERE, came) == closed(What.NOT_HERE, came) == []


def test_a_file_that_is_still_being_made_is_not_here_before_it_is_offered():
    made = Thing(("zoom", "i"), (), a_row("failed"))
    assert opened(What.NOT_HERE, made) == []
    assert opened(What.NOT_HERE, replace(made, row=a_row())) != []
    assert opened(What.LOST, made) != []
    assert opened(What.LOST, replace(made, row=a_row("gone"))) == []


def test_what_a_policy_deletes_or_deleted_need_not_be_told():
    about = SO[What.OBJECT_MISSING]
    gone = replace(about, row=replace(about.row, contact_id=None))
    for one in (gone, replace(about, is_going=True)):
        assert told(one) == closed(What.OBJECT_MISSING, one) == []


def test_a_size_that_the_service_tells_wrongly_differs_as_long_as_it_does():
    wrong = thing(misnamed=[(500, None)])
    assert opened(What.DIFFERS, wrong) == []
    assert closed(What.DIFFERS, wrong) != []
    assert closed(What.DIFFERS, thing(misnamed=[(500, 950)])) == []


def test_a_clock_of_the_service_that_is_off_excuses_what_is_near():
    near = thing(offered(deleted_us=880), state=None)
    assert opened(What.NOT_HERE, near) != []
    assert opened(What.NOT_HERE, replace(near, slack_us=100)) == []


def test_a_cause_that_is_unknown_is_none():
    unknown = SimpleNamespace(value="unknown")
    assert opened(What.NOT_HERE, SO[What.NOT_HERE], why=unknown) == ["a finding has no cause"]
    assert opened(What.NOT_HERE, SO[What.NOT_HERE], detail="") == ["a finding has no cause"]
    assert "unknown" not in set(Why)


def whats(*findings):
    return [one.what for one in check_once(findings)]


def test_nothing_is_open_twice():
    one = a_finding()
    assert whats(one, a_finding(What.DIFFERS), a_finding(subject="j")) == []
    assert whats(one, replace(one, closed_us=NOW)) == []
    assert whats(one, replace(one, finding_id="F-2")) == ["a finding was opened twice"]


def test_what_somebody_accepted_is_not_opened_again():
    accepted = a_finding(closed_us=960, closed_because=f"{ACCEPTED}well as it is")
    again = replace(a_finding(), finding_id="F-2", opened_us=970)
    assert whats(accepted) == []
    assert whats(accepted, again) == ["what was accepted was opened again"]


@pytest.mark.parametrize("what", [What.NOT_HERE, What.OBJECT_MISSING, What.OBJECT_WITHOUT_ROW])
def test_a_whole_comparison_tells_all_that_is_so(what):
    about = SO[what]
    assert told(about) == [f"a whole comparison did not tell of {what.value}"]
    finding = a_finding(what, about.place[1])
    assert told(about, finding) == []
    assert told(about, replace(finding, closed_us=NOW, closed_because=f"{ACCEPTED}yes")) == []
    assert told(about, replace(finding, closed_us=NOW)) != []
    assert told(NOT_SO[what]) == []


def test_a_comparison_need_not_tell_what_is_younger_than_it_or_on_its_way():
    assert told(thing(offered(changed_us=820), state=None)) == []
    assert told(thing(offered(offered_us=860), state=None)) == []
    assert told(SO[What.OBJECT_MISSING], began_us=400) == []
    young = replace(a_row("found"), found_us=810)
    assert told(replace(thing(), row=young)) == []
    assert told(replace(thing(), row=replace(young, found_us=700))) != []


@pytest.mark.parametrize("what", SO)
def test_what_stays_open_when_nothing_differs_is_told(what):
    left = [one.what for one in check_left(a_finding(what), NOT_SO[what], NOW)]
    assert left == [f"a finding of {what.value} stays open when nothing differs"]
    assert list(check_left(a_finding(what), SO[what], NOW)) == []
    assert list(check_left(a_finding(what, closed_us=NOW), NOT_SO[what], NOW)) == []


def test_what_was_noted_is_so_where_the_source_deleted_it():
    assert opened(What.NOT_AT_SOURCE, thing(offered(deleted_us=500))) == []
    assert opened(What.NOT_AT_SOURCE, thing()) != []
    assert closed(What.NOT_AT_SOURCE, thing(offered(deleted_us=500))) == []
