"""Certificates over HTTP: made, listed, read, shown, checked."""

import pytest

from recorder.control import NamedToken, OpenSource
from recorder.errors import Unreachable
from recorder.prove.document import from_text
from recorder.prove.verify import verify
from tests.recorder.fake_node import BEGAN_US, OBJECT, TOKEN, FakeNode
from tests.recorder.fakes import MP3
from tests.recorder.prove.proving import ListingSource

URL = "/api/v1/certificates"
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


def made(node, source, client):
    row = node.archive_one("i1")
    source.refs.append(row.ref)
    answer = client.post(URL, json=BODY)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_certificate_is_made_and_verifies(node, source, client):
    text = made(node, source, client)
    certificate = from_text(text)
    assert verify(certificate) == ()
    assert certificate.statement["verdict"] == "complete"
    assert certificate.statement["counts"]["archived"] == 1
    whats = [what for what, *_ in node.trail.told]
    assert whats == [
        "make_certificate_ordered",
        "signing_key_published",
        "certificate_made",
        "make_certificate",
    ]
    assert {actor for what, _, actor, _ in node.trail.told if what.startswith("cert")} == {"admin"}


def test_it_is_kept_listed_and_given_again(node, source, client):
    text = made(node, source, client)
    assert client.get(f"{URL}/zoom/{DAY}").text == text
    second = client.post(URL, json=BODY).text
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
    node.certificates.certificates[place] = type(kept)(kept.head, other, kept.signature, b"x")
    assert client.get(f"{URL}/zoom/{DAY}").status_code == 503


def test_readers_read_and_only_admins_make(node):
    coach = node.client("coach-token")
    assert coach.get(URL).status_code == 200
    assert coach.post(URL, json=BODY).status_code == 403
    assert coach.post(f"{URL}/zoom/{DAY}/check", json={}).status_code == 403
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


def test_a_source_that_is_away_gives_no_certificate(source, client):
    source.troubles = [Unreachable("no answer")] * 9
    answer = client.post(URL, json=BODY)
    assert answer.status_code == 503
    assert "does not give the day whole" in answer.json()["error"]["message"]


def test_a_certificate_that_is_not_there_is_not_found(client):
    answer = client.get(f"{URL}/zoom/{DAY}")
    assert answer.status_code == 404
    assert "tandem prove" in answer.json()["error"]["hint"]
    assert client.get(f"{URL}/zoom/{DAY}", params={"number": 7}).status_code == 404


def test_two_of_one_source_are_not_made_at_once(source, client):
    codes = []

    def listing():
        if not codes:
            codes.append(0)
            codes[0] = node_client.post(URL, json=BODY).status_code
        return source_time()

    node_client, source_time = client, source.server_time
    source.server_time = listing
    assert client.post(URL, json=BODY).status_code == 200
    assert codes == [409]
