"""Certificates over HTTP: made, listed, read, shown, checked."""

import pytest

from recorder.desk.control import NamedToken, OpenSource
from recorder.errors import Unreachable
from recorder.prove.document import from_text
from recorder.prove.verify import verify
from tests.recorder.fake_node import BEGAN_US, OBJECT, TOKEN, FakeNode
from tests.recorder.fakes import MP3
from tests.recorder.prove.proving import ListingSource

URL = "/api/v1/certificates"
REQUESTS = "/api/v1/certificate-requests"
DAY = "1970-01-01"
BODY = {"source": "zoom", "day": DAY}


@pytest.fixture
def source():
    return ListingSource([], now_us=BEGAN_US)


@pytest.fixture
def node(source):
    node = FakeNode(tokens=(NamedToken("coach", frozenset({"replay"}), lambda: "coach-token"),))
    node.sources["zoom"] = OpenSource("zoom", source)
    return node


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def ask(client, body=BODY):
    answer = client.post(URL, json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def made(node, source, client):
    """The text of a certificate of one item."""
    row = node.archive_one("i1")
    source.refs.append(row.ref)
    return again(node, client)


def again(node, client):
    request = ask(client)["request"]["request"]
    node.certify()
    view = client.get(f"{REQUESTS}/{request}").json()
    assert view["status"] == "completed", view
    return client.get(view["certificate"]).text


def test_a_certificate_is_made_and_verifies(node, source, client):
    text = made(node, source, client)
    certificate = from_text(text)
    assert verify(certificate) == ()
    assert certificate.statement["verdict"] == "complete"
    assert certificate.statement["counts"]["archived"] == 1
    whats = [what for what, *_ in node.trail.told]
    assert whats == [
        "make_certificate_ordered",
        "make_certificate",
        "signing_key_published",
        "certificate_made",
    ]
    assert {actor for what, _, actor, _ in node.trail.told if what.startswith("cert")} == {"admin"}


def test_asking_is_answered_at_once_with_an_id_and_a_place(client):
    answer = client.post(URL, json=BODY)
    assert answer.status_code == 202
    view = answer.json()
    assert (view["status"], view["request"]["status"]) == ("done", "running")
    assert answer.headers["location"] == f"{REQUESTS}/{view['request']['request']}"
    found = client.get(answer.headers["location"]).json()
    assert found == view["request"]
    assert (found["phase"], found["share"], found["items"]) == ("waiting", 0.0, 0)
    assert "certificate" not in found


def test_the_same_day_asked_for_twice_is_one_request(node, client):
    first, second = ask(client), ask(client)
    assert (first["status"], second["status"]) == ("done", "already")
    assert first["request"] == second["request"]
    assert "is being made already, for admin" in second["message"]
    node.certify()
    assert ask(client)["status"] == "done"


def test_a_request_is_cancelled_and_nothing_is_kept(node, client):
    request = ask(client)["request"]["request"]
    answer = client.post(f"{REQUESTS}/{request}/cancel")
    assert answer.json()["request"]["status"] == "cancelled"
    assert answer.json()["request"]["reason"] == "cancelled by admin"
    assert client.post(f"{REQUESTS}/{request}/cancel").json()["status"] == "already"
    node.certify()
    assert client.get(URL).json()["certificates"] == []
    assert ("cancel_certificate", request) in [(told[0], told[1]) for told in node.trail.told]
    request = ask(client)["request"]["request"]
    node.certify()
    assert client.post(f"{REQUESTS}/{request}/cancel").status_code == 409
    assert client.post(f"{REQUESTS}/C-0/cancel").status_code == 404
    assert client.get(f"{REQUESTS}/C-0").status_code == 404


def test_requests_are_listed_newest_first(node, client):
    first = ask(client)["request"]["request"]
    node.certify()
    second = ask(client)["request"]["request"]
    view = client.get(REQUESTS, params={"limit": 1}).json()
    assert [one["request"] for one in view["requests"]] == [second]
    rest = client.get(REQUESTS, params={"after": view["next"]}).json()
    assert [(one["request"], one["status"]) for one in rest["requests"]] == [(first, "completed")]
    assert client.get(REQUESTS, params={"status": "failed"}).json()["requests"] == []


def test_it_is_kept_listed_and_given_again(node, source, client):
    text = made(node, source, client)
    assert client.get(f"{URL}/zoom/{DAY}").text == text
    second = again(node, client)
    assert client.get(f"{URL}/zoom/{DAY}").text == second
    assert client.get(f"{URL}/zoom/{DAY}", params={"number": 1}).text == text
    view = client.get(URL, params={"limit": 1}).json()
    assert view["certificates"][0]["number"] == 2
    rest = client.get(URL, params={"after": view["next"]}).json()
    assert [one["number"] for one in rest["certificates"]] == [1]
    assert "next" not in rest


def test_a_page_for_people_is_given_too(node, source, client):
    made(node, source, client)
    answer = client.get(f"{URL}/zoom/{DAY}", params={"format": "html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "<strong>COMPLETE</strong>" in answer.text


def test_the_published_keys_are_those_that_sign(node, source, client):
    certificate = from_text(made(node, source, client))
    (key,) = client.get(f"{URL}/keys").json()["keys"]
    assert key["node"] == "alpha"
    assert verify(certificate, trusted=[key["key_id"]]) == ()


def test_a_check_names_what_was_changed(node, source, client):
    made(node, source, client)
    view = client.post(f"{URL}/zoom/{DAY}/check", json={}).json()
    assert (view["ok"], view["faults"], view["notes"]) == (True, [], [])
    node.objects.objects[OBJECT] = MP3[:-1] + b"x"
    view = client.post(f"{URL}/zoom/{DAY}/check", json={}).json()
    assert view["ok"] is False
    assert [(one["code"], one["item"]) for one in view["faults"]] == [("object_differs", "i1")]
    view = client.post(f"{URL}/zoom/{DAY}/check", json={"read": False}).json()
    assert view["ok"] is True, "only reading finds it"


def test_a_certificate_that_was_changed_in_the_database_is_told(node, source, client):
    made(node, source, client)
    ((place, kept),) = node.certificates.certificates.items()
    other = kept.statement.replace('"archived":1', '"archived":2')
    node.certificates.certificates[place] = type(kept)(
        kept.head, other, kept.signature, kept.packed_leaves
    )
    view = client.post(f"{URL}/zoom/{DAY}/check", json={}).json()
    assert {one["code"] for one in view["faults"]} == {"signature", "statement"}
    page = client.get(f"{URL}/zoom/{DAY}", params={"format": "html"})
    assert page.status_code == 503, "a page must not say COMPLETE of it"
    assert "was changed" in page.json()["error"]["message"]
    worse = type(kept)(kept.head, '{"verdict":[]}', kept.signature, kept.packed_leaves)
    node.certificates.certificates[place] = worse
    assert client.get(f"{URL}/zoom/{DAY}", params={"format": "html"}).status_code == 503
    node.certificates.certificates[place] = type(kept)(kept.head, other, kept.signature, b"x")
    assert client.get(f"{URL}/zoom/{DAY}").status_code == 503


def test_readers_read_and_only_admins_make(node):
    coach = node.client("coach-token")
    assert coach.get(URL).status_code == 200
    assert coach.post(URL, json=BODY).status_code == 403
    assert coach.post(f"{URL}/zoom/{DAY}/check", json={}).status_code == 403
    assert coach.get(REQUESTS).status_code == 200
    assert coach.post(f"{REQUESTS}/C-1/cancel").status_code == 403
    assert node.client("x").get(REQUESTS).status_code == 401
    assert node.client("x").get(URL).status_code == 401


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"source": "no", "day": DAY}, 404, "zoom"),
        ({"source": "zoom", "day": "soon"}, 422, "write 2026-11-21"),
        ({"source": "zoom", "day": "2999-01-01"}, 422, "has not begun"),
        ({"source": "zoom"}, 422, "day"),
    ],
)
def test_what_cannot_be_certified_is_refused(client, body, code, words):
    answer = client.post(URL, json=body)
    assert answer.status_code == code
    assert words in answer.text


def test_a_source_that_is_away_gives_no_certificate(node, source, client):
    source.troubles = [Unreachable("no answer")] * 9
    request = ask(client)["request"]["request"]
    node.certify()
    view = client.get(f"{REQUESTS}/{request}").json()
    assert view["status"] == "failed"
    assert view["reason"] == "zoom does not give the day whole: no answer"
    assert "certificate" not in view


def test_a_certificate_that_is_not_there_is_not_found(client):
    answer = client.get(f"{URL}/zoom/{DAY}")
    assert answer.status_code == 404
    assert "tandem prove" in answer.json()["error"]["hint"]
    assert client.get(f"{URL}/zoom/{DAY}", params={"number": 7}).status_code == 404
