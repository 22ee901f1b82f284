"""Holds, plans and deletions over the API."""

import pytest

from recorder.keep.retention_parts import RetentionStatus
from recorder.records.retention import DAY_US, DeletionState, Match, Order, Policy, Rules, Walk
from tests.calls import an_item
from tests.recorder.fake_node import TOKEN, FakeNode

HOLDS = "/api/v1/holds"


@pytest.fixture
def node():
    node = FakeNode()
    for key in "ab":
        item = an_item(key, source="dyn", session=f"ses-{key}")
        node.contact_db.commit([item], [[f"dyn/{key}"]])
    return node


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def later(node, days):
    node.clock.advance(days * 86_400)


def contact_id(node, key):
    return node.contact_db.contact(f"ses-{key}").row.contact_id


def make_due(node):
    later(node, 31)
    now_us = node.clock.wall_us()
    due = node.retention.survey(Walk(now_us), node.rules, now_us).due
    node.retention.decide(due, node.rules, now_us, 9)


def refusal(answer):
    return answer.status_code, answer.json()["error"]["message"]


def test_a_hold_is_placed_listed_and_released(node, client):
    answer = client.post(HOLDS, json={"reason": "case 7", "contact": "ses-a"}).json()
    assert answer["status"] == "done"
    hold = answer["hold"]
    assert (hold["contact"], hold["placed_by"]) == (contact_id(node, "a"), "admin")
    assert client.get(HOLDS).json()["holds"] == [hold]
    path = f"{HOLDS}/{hold['hold']}/release"
    released = client.post(path, json={"reason": "closed"}).json()
    assert released["hold"]["released_because"] == "closed"
    assert client.post(path, json={"reason": "closed"}).json()["status"] == "already"
    assert client.get(HOLDS).json()["holds"] == []
    assert len(client.get(f"{HOLDS}?released=true").json()["holds"]) == 1
    assert [what for what, *_ in node.trail.told][:2] == ["place_hold_ordered", "place_hold"]


def test_a_hold_on_a_query_and_a_period(client):
    body = {"reason": "r", "query": "ada", "from": "2023-01-01T00:00:00Z"}
    hold = client.post(HOLDS, json=body).json()["hold"]
    assert (hold["query"], hold["begin"]) == ("ada", "2023-01-01T00:00:00Z")
    assert "end" not in hold


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "r"}, 422),
        ({"contact": "x"}, 422),
        ({"reason": "", "contact": "x"}, 422),
        ({"reason": "r", "from": "yesterday"}, 422),
        ({"reason": "r", "from": "2023-01-02T00:00:00Z", "to": "2023-01-01T00:00:00Z"}, 422),
        ({"reason": "r", "contact": ""}, 422),
        ({"reason": "r", "other": "x"}, 422),
        ({"reason": "r", "source": "no-such"}, 404),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(client, body, code):
    assert client.post(HOLDS, json=body).status_code == code


@pytest.mark.parametrize("blank", ["", " ", "\t \n"])
def test_a_hold_on_a_blank_would_hold_nothing_and_is_refused(client, blank):
    for body in ({"reason": "r", "query": blank}, {"reason": blank, "source": "zoom"}):
        assert client.post(HOLDS, json=body).status_code == 422
    assert client.get(HOLDS).json()["holds"] == []


def test_a_hold_on_a_contact_that_nobody_knows_is_refused(client):
    answer = client.post(HOLDS, json={"reason": "r", "contact": "typo"})
    assert answer.status_code == 404
    assert "--query" in answer.json()["error"]["hint"]
    assert client.get(HOLDS).json()["holds"] == []
    answer = client.post(HOLDS, json={"reason": "r", "contact": "ses-a"}).json()
    assert answer["message"].endswith("is in force.")


def test_a_hold_says_how_many_contacts_it_covers_now(client):
    for query, number, words in (
        ("ada", 2, "2 contacts"),
        ("ses-a", 1, "1 contact"),
        ("zoe", 0, "0 contacts"),
    ):
        answer = client.post(HOLDS, json={"reason": "r", "query": query}).json()
        assert answer["hold"]["contacts"] == number
        assert f"it covers {words} now" in answer["message"]
    holds = client.get(HOLDS).json()["holds"]
    assert {hold["query"]: hold["contacts"] for hold in holds} == {"ada": 2, "ses-a": 1, "zoe": 0}


def test_a_contact_tells_which_holds_cover_it(node, client):
    path = f"/api/v1/contacts/{contact_id(node, 'a')}"
    assert client.get(path).json()["holds"] == []
    hold = client.post(HOLDS, json={"reason": "case 7", "query": "ADA"}).json()["hold"]["hold"]
    client.post(HOLDS, json={"reason": "other", "contact": "ses-b"})
    assert client.get(path).json()["holds"] == [f"{hold}: case 7"]


def test_a_hold_on_an_item_counts_and_is_told_of_the_contact_that_it_keeps(node, client):
    item = an_item("rec-7", source="dyn", session="ses-c")
    node.contact_db.commit([item], [["dyn/c"]])
    for body in ({"query": "rec-7"}, {"query": "rec-7", "contact": "ses-c"}):
        hold = client.post(HOLDS, json={"reason": "case 7", **body}).json()["hold"]
        assert hold["contacts"] == 1
        home = contact_id(node, "c")
        told = [f"{hold['hold']}: case 7"]
        assert client.get(f"/api/v1/contacts/{home}").json()["holds"] == told
        later(node, 31)
        now_us = node.clock.wall_us()
        assert node.retention.survey(Walk(now_us), node.rules, now_us).held_contacts == (home,)
        client.post(f"{HOLDS}/{hold['hold']}/release", json={"reason": "closed"})


def test_the_beginning_of_several_contacts_is_no_contact(client):
    code, message = refusal(client.post(HOLDS, json={"reason": "r", "contact": "ses-"}))
    assert code == 422
    assert "Several contacts" in message


def test_only_the_admin_places_and_releases_holds(node):
    anonymous = node.client()
    assert anonymous.post(HOLDS, json={"reason": "r", "source": "dyn"}).status_code == 401
    assert anonymous.post(f"{HOLDS}/H-1/release", json={"reason": "r"}).status_code == 401
    assert anonymous.post("/api/v1/retention/plans").status_code == 401
    assert anonymous.post("/api/v1/deletions/x/undelete", json={"reason": "r"}).status_code == 401


def test_a_hold_too_late_says_so(node, client):
    make_due(node)
    home = contact_id(node, "a")
    later(node, 6)
    order = Order(home, 1, node.rules, node.clock.wall_us())
    node.retention.begin_deletion(order, 9)
    node.retention.finish_deletion(order, 9, lambda _: None)
    answer = client.post(HOLDS, json={"reason": "r", "contact": home}).json()
    assert answer["already_deleted"] == [home]
    assert "too late" in answer["message"]


def test_a_plan_shows_what_would_die_and_deletes_nothing(node, client):
    later(node, 31)
    answer = client.post("/api/v1/retention/plans").json()
    plan = answer["plan"]
    assert (plan["contacts"], plan["size_bytes"], plan["is_lower_bound"]) == (2, 2000, False)
    assert plan["oldest"].startswith("2023-11-14")
    assert plan["newest"] == plan["oldest"]
    assert {one["policy"] for one in plan["examples"]} == {"all"}
    assert client.get("/api/v1/deletions").json()["deletions"] == []
    shown = client.get("/api/v1/retention").json()
    assert shown["needs_confirmation"]
    assert "confirmed_plan" not in shown


WHAT_IF = "/api/v1/retention/what-if"


def what_if(client, keep_days, **more):
    return client.get(WHAT_IF, params={"keep_days": keep_days, **more})


def test_what_another_policy_would_delete_is_shown_before_anybody_has_it(node, client):
    later(node, 10)
    client.post(HOLDS, json={"reason": "r", "contact": "ses-b"})
    found = what_if(client, 9).json()
    assert (found["contacts"], found["size_bytes"], found["held"]) == (1, 1000, 1)
    assert found["held_contacts"] == [contact_id(node, "b")]
    assert found["message"] == "If everything were kept 9 days, 1 contacts would go."
    assert found["oldest"] == found["newest"] == "2023-11-14T22:14:20Z"
    assert [one["contact"] for one in found["examples"]] == [contact_id(node, "a")]
    assert "source" not in found
    none = what_if(client, 11).json()
    assert (none["contacts"], none["held"]) == (0, 0)
    assert "oldest" not in none


def test_asking_what_if_leaves_no_trace(node, client):
    later(node, 31)
    assert what_if(client, 20).json()["contacts"] == 2
    assert node.trail.told == []
    assert node.retention.confirmed_plan() is None
    assert client.get("/api/v1/deletions").json()["deletions"] == []
    assert client.get("/api/v1/retention").json()["rules"]["policies"][0]["keep_days"] == 30


def test_what_if_one_source_were_kept_shorter(node, client):
    item = an_item("z", source="zoom", session="ses-z")
    node.contact_db.commit([item], [["zoom/z"]])
    later(node, 31)
    found = what_if(client, 9, source="zoom").json()
    assert (found["source"], found["contacts"], found["looked_at"]) == ("zoom", 1, 3)
    assert found["rules"]["policies"][0]["sources"] == ["zoom"]
    assert what_if(client, 9, source="dyn").json()["contacts"] == 2, "it runs no more"
    code, message = refusal(what_if(client, 9, source="zom"))
    assert code == 404
    assert "'zom'" in message


def test_what_would_undercut_the_legal_minimum_is_refused(node):
    node.rules = Rules((), 90 * DAY_US, 5 * DAY_US)
    client = node.client(TOKEN)
    code, message = refusal(what_if(client, 89))
    assert code == 422
    assert "a policy of 89 days would undercut the legal minimum of 90 days" in message
    assert what_if(client, 90).json()["contacts"] == 0


@pytest.mark.parametrize("keep_days", ["0", "-1", "nan", "inf", "40000", "long", ""])
def test_what_is_no_number_of_days_is_refused(client, keep_days):
    assert what_if(client, keep_days).status_code == 422


def test_only_the_admin_asks_what_if(node):
    assert what_if(node.client(), 9).status_code == 401


def test_a_plan_is_confirmed_and_in_force_from_then_on(client):
    plan = client.post("/api/v1/retention/plans").json()["plan"]["plan"]
    confirmed = client.post(f"/api/v1/retention/plans/{plan}/confirm").json()
    assert confirmed["plan"]["confirmed_by"] == "admin"
    shown = client.get("/api/v1/retention").json()
    assert not shown["needs_confirmation"]
    assert shown["confirmed_plan"]["plan"] == plan


def test_a_plan_of_other_policies_or_of_long_ago_is_not_confirmed(node, client):
    plan = client.post("/api/v1/retention/plans").json()["plan"]["plan"]
    path = f"/api/v1/retention/plans/{plan}/confirm"
    later(node, 2)
    assert "more than a day ago" in refusal(client.post(path))[1]
    plan = client.post("/api/v1/retention/plans").json()["plan"]["plan"]
    node.rules = Rules((Policy("all", Match(), 3 * DAY_US),))
    path = f"/api/v1/retention/plans/{plan}/confirm"
    assert refusal(node.client(TOKEN).post(path))[0] == 409
    assert client.post("/api/v1/retention/plans/P-9/confirm").status_code == 404


def test_decisions_are_listed_with_what_they_rest_on(node, client):
    make_due(node)
    (first, _) = client.get("/api/v1/deletions?state=due").json()["deletions"]
    assert (first["policy"], first["state"], first["term"]) == ("all", "due", 9)
    assert first["decision"]["keep_days"] == 30
    page = client.get("/api/v1/deletions?limit=1").json()
    assert len(client.get(f"/api/v1/deletions?after={page['next']}").json()["deletions"]) == 1
    assert client.get("/api/v1/deletions?contact=no").json()["deletions"] == []


def test_an_undeleted_contact_stays_and_is_held(node, client):
    make_due(node)
    answer = client.post("/api/v1/deletions/ses-a/undelete", json={"reason": "a mistake"}).json()
    assert answer["deletion"]["state"] == DeletionState.WITHDRAWN
    (hold,) = client.get(HOLDS).json()["holds"]
    assert (hold["hold"], hold["reason"]) == (answer["hold"], "a mistake")
    again = client.post("/api/v1/deletions/ses-a/undelete", json={"reason": "again"})
    assert refusal(again)[0] == 409
    assert client.post("/api/v1/deletions/none/undelete", json={"reason": "r"}).status_code == 404


def test_what_stands_in_the_way_is_told(node, client):
    node.board.publish(
        "retention",
        RetentionStatus("look", 1, 7, 2, 3, 300, 1, "retention_interlock", "", None, None),
    )
    shown = client.get("/api/v1/retention").json()
    assert (shown["phase"], shown["refused"]) == ("look", "retention_interlock")
    text = client.get("/metrics").text
    assert "tandem_retention_refused 1.0" in text
    assert "tandem_retention_deleted_total 3.0" in text
    assert "tandem_retention_held 2.0" in text
