"""The messages of the fake Dataverse: shape, places of the secret, what goes wrong on the way."""

import json

from sim.ucaas.dynamics.hooks import Endpoint, Manner
from sim.ucaas.dynamics.scripts import CallScript, Leg
from tests.recorder.adapters.dynamics.test_with_fake import Bench

URLS = ("https://a.example/x", "https://b.example/x")


def bench(urls=URLS[:1], spread=False, **manner):
    return Bench(
        endpoint=Endpoint(urls, query="?code=s", spread=spread), hook_manner=Manner(**manner)
    )


def call(made, seconds=60):
    made.fake.place([CallScript(made.clock.wall_us(), (Leg(0, 30.0),), ())])
    made.clock.advance(seconds)
    return made.fake.deliveries()


def bodies(posts):
    return [json.loads(post.body) for post in posts]


def test_a_message_is_a_remote_execution_context():
    posts = call(bench())
    made = [one for one in bodies(posts) if one["MessageName"] == "Create"]
    (first,) = [one for one in made if one["PrimaryEntityName"] == "msdyn_ocliveworkitem"]
    target = first["InputParameters"][0]
    assert target["key"] == "Target"
    assert target["value"]["__type"].startswith("Entity:http")
    assert b"\\/Date(" in posts[0].body, "slashes are escaped"
    assert posts[0].url == "https://a.example/x?code=s"
    assert dict(posts[0].headers)["x-ms-dynamics-request-name"] in {"Create", "Update"}


def test_an_update_holds_only_what_changed():
    updates = [
        one
        for one in bodies(call(bench()))
        if one["MessageName"] == "Update" and one["PrimaryEntityName"] == "msdyn_sessionparticipant"
    ]
    names = {pair["key"] for pair in updates[0]["InputParameters"][0]["value"]["Attributes"]}
    assert "msdyn_joinedon" in names
    assert "msdyn_agentid" not in names
    image = updates[0]["PostEntityImages"][0]["value"]["Attributes"]
    assert {pair["key"] for pair in image} >= {"msdyn_agentid", "msdyn_omnichannelsession"}


def test_both_addresses_hear_everything_or_each_message_goes_to_one():
    twice, once = call(bench(URLS)), call(bench(URLS, spread=True))
    assert len(twice) == 2 * len(once)
    assert {post.url.partition("?")[0] for post in once} == set(URLS)


def test_messages_may_come_twice_late_or_never():
    plain = len(call(bench()))
    assert len(call(bench(repeated=1.0))) == 2 * plain
    assert call(bench(lost=1.0)) == ()
    late = call(bench(late=1.0, late_s=30.0))
    order = [json.loads(post.body)["OperationCreatedOn"] for post in late]
    assert len(late) == plain
    assert order != sorted(order)


def test_one_more_try_is_made_and_only_for_a_server_that_is_away():
    made = bench()
    posts = call(made)
    made.fake.report_delivery(posts[0].number, 503)
    made.fake.report_delivery(posts[1].number, 401)
    made.clock.advance(5)
    again = made.fake.deliveries(len(posts))
    assert [post.body for post in again] == [posts[0].body]
    made.fake.report_delivery(again[0].number, 503)
    made.clock.advance(5)
    assert made.fake.deliveries(len(posts) + 1) == ()


def test_what_is_too_large_is_cut_and_says_so():
    (post, *_) = call(bench(size_max=100))
    assert dict(post.headers)["x-ms-dynamics-msg-size-exceeded"] == "True"
    assert "InputParameters" not in json.loads(post.body)


def test_a_live_call_begins_when_it_comes():
    made = Bench(endpoint=Endpoint(URLS), live_calls=True)

    class Mix:
        def call(self, end_us):
            return CallScript(end_us, (Leg(0, 30.0),), ())

        def gap_s(self, _rate):
            return 1e6

    made.fake.feed(Mix(), 1.0)
    made.clock.advance(1)
    seen = {one["PrimaryEntityName"] for one in bodies(made.fake.deliveries())}
    assert "msdyn_sessionparticipant" in seen
    assert "msdyn_ocrecording" not in seen, "nobody spoke yet"
