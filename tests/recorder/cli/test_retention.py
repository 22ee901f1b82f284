"""`tandem hold` and `tandem retention`."""

import json

import pytest

from recorder.records.retention import DAY_US, DeletionQuery, Rules, Trouble, Walk
from tests.calls import an_item
from tests.recorder.fake_node import TOKEN


@pytest.fixture
def old(node):
    for key in "ab":
        item = an_item(key, source="dyn", session=f"ses-{key}")
        node.contact_db.commit([item], [[f"dyn/{key}"]])
    node.clock.advance(31 * 86_400)
    return node


def test_a_hold_is_placed_listed_and_released(tandem, old):
    placed = tandem("hold", "place", "--contact", "ses-a", "--reason", "case 7")
    assert placed.status == 0
    (hold,) = old.retention.holds()
    assert placed.lines == [f"Hold {hold.hold_id} is in force."]
    listed = tandem("hold", "list")
    assert hold.hold_id in listed.out
    assert "case 7" in listed.out
    assert tandem("hold", "release", hold.hold_id, "--reason", "closed").status == 0
    assert old.retention.holds() == ()
    (row,) = json.loads(tandem("hold", "list", "--released", "--json").out)["holds"]
    assert row["released_because"] == "closed"


def test_a_hold_on_nothing_is_a_wrong_command(tandem):
    assert tandem("hold", "place", "--reason", "case 7").status == 2


def test_a_hold_nobody_knows_is_not_found(tandem):
    assert tandem("hold", "release", "H-9", "--reason", "x").status == 4


def test_a_plan_says_what_would_go_and_how_to_confirm_it(tandem, old):
    planned = tandem("retention", "plan")
    assert planned.status == 0
    assert "2 contacts would go." in planned.out
    confirm = planned.lines[-1].partition("tandem ")[2].split()
    assert tandem(*confirm).status == 0
    assert old.retention.confirmed_plan() is not None
    shown = tandem("retention", "show")
    assert "confirmed last: P-" in shown.out


def test_policies_that_nobody_confirmed_are_shown_as_such(tandem):
    shown = tandem("retention", "show")
    assert "nothing is deleted: these policies were not confirmed" in shown.out
    assert "   → tandem retention plan" in shown.lines


def test_what_is_due_is_listed_and_taken_back(tandem, old):
    now_us = old.clock.wall_us()
    due = old.retention.survey(Walk(now_us), old.rules, now_us).due
    old.retention.decide(due, old.rules, now_us, 9)
    assert tandem("retention", "list", "--state", "due").out.count(" due ") == 2
    page = tandem("retention", "list", "--limit", "1")
    assert "more: --after" in page.err
    undone = tandem("retention", "undelete", "ses-a", "--reason", "a mistake")
    assert undone.status == 0
    assert "held by H-" in undone.out
    assert tandem("retention", "undelete", "ses-a", "--reason", "again").status != 0
    states = json.loads(tandem("retention", "list", "--json").out)["deletions"]
    assert sorted(one["state"] for one in states) == ["due", "withdrawn"]


def test_what_cannot_be_deleted_says_why_and_when_it_is_tried_again(tandem, old):
    now_us = old.clock.wall_us()
    due = old.retention.survey(Walk(now_us), old.rules, now_us).due
    old.retention.decide(due, old.rules, now_us, 1)
    one = old.retention.deletions(DeletionQuery()).rows[0]
    assert tandem("retention", "list", "--stuck", "--json").json == {"deletions": []}
    trouble = Trouble(one.contact_id, one.number, "object dyn/a cannot be deleted", now_us)
    old.retention.set_aside(trouble, 1)
    shown = tandem("retention", "list", "--stuck")
    assert shown.status == 0
    assert "tried once, again at " in shown.out
    assert "object dyn/a cannot be deleted" in shown.out
    (row,) = tandem("retention", "list", "--stuck", "--json").json["deletions"]
    assert (row["contact"], row["tries"]) == (one.contact_id, 1)


def test_a_hold_on_the_name_of_somebody_is_refused_and_a_query_says_what_it_covers(tandem, old):
    refused = tandem("hold", "place", "--contact", "Name of nobody", "--reason", "x")
    assert refused.status == 4
    assert "--query" in refused.err
    assert old.retention.holds() == ()
    placed = tandem("hold", "place", "--query", "Ada", "--reason", "x")
    assert "it covers 2 contacts now" in placed.out
    (hold,) = old.retention.holds()
    row = tandem("hold", "list").lines[1]
    assert row.split()[:4] == [hold.hold_id, "query", "Ada", "2"]
    assert f"  held by {hold.hold_id}: x" in tandem("contact", "show", "ses-a").lines


def test_a_plan_without_a_policy_has_nothing_to_confirm(bare, node, monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    node.rules = Rules((), 0, 0)
    with node.served() as url:
        planned = bare("retention", "plan", "--url", url)
    assert planned.status == 0
    assert "there is nothing to confirm, and nothing is deleted" in planned.lines
    assert "tandem retention confirm" not in planned.out


def test_a_plan_names_contacts_that_holds_keep(tandem, old):
    held = old.contact_db.contact("ses-a").row.contact_id
    assert tandem("hold", "place", "--contact", held, "--reason", "x").status == 0
    assert f"kept by holds: 1 ({held}); looked at: 2" in tandem("retention", "plan").out


def test_what_another_policy_would_delete_is_shown_and_nothing_is_changed(tandem, old):
    shown = tandem("retention", "plan", "--keep-days", "20")
    assert shown.status == 0
    assert "If everything were kept 20 days, 2 contacts would go." in shown.lines
    assert "   2.0 kB, oldest of 2023-11-14 22:14, newest of 2023-11-14 22:14" in shown.lines
    assert "confirm" not in shown.out
    assert old.retention.confirmed_plan() is None
    found = tandem("retention", "plan", "--keep-days", "20", "--source", "dyn", "--json").json
    assert (found["source"], found["contacts"], found["is_lower_bound"]) == ("dyn", 2, False)


def test_what_would_undercut_the_legal_minimum_is_refused_with_the_way_on(bare, node, monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    node.rules = Rules((), 90 * DAY_US, 0)
    with node.served() as url:
        refused = bare("retention", "plan", "--keep-days", "30", "--url", url)
    assert refused.status != 0
    assert "a policy of 30 days would undercut the legal minimum of 90 days" in refused.err
    assert "Ask for 90 days or more" in refused.err


def test_a_plan_of_a_source_alone_is_a_wrong_command(tandem):
    refused = tandem("retention", "plan", "--source", "dyn")
    assert refused.status == 2
    assert "tandem retention plan --keep-days DAYS --source dyn" in refused.err
