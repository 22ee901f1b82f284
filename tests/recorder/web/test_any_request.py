"""Any request to any route: no answer but those described, nothing without a token, never a 500."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.desk.control import OpenSource
from recorder.errors import Unreachable
from recorder.model import Capabilities
from recorder.web.app import create_app
from recorder.webhooks import WebhookAnswer
from tests.databases import migrated
from tests.recorder.fake_node import TOKEN, FakeNode

DOCUMENT = create_app(FakeNode().control()).openapi()
OPERATIONS = sorted(
    (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
)
WITHOUT_TOKEN = {"/health", "/health/live", "/health/ready", "/primary", "/secondary", "/metrics"}
HOOKS = "/api/recording/cti/v1/"
ODD = st.sampled_from(
    [
        "", "0", "-1", "1e400", "9" * 400, "NaN", "null", "true", "[]", "{}", "a\x00b", "\u202e",
        "..", "../../etc/passwd", "%2e%2e%2f", "'; DROP TABLE contacts; --", "%", "_", "\\",
        "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30",
        "i1", "zoom", "session-i1", "x" * 5000, "مكالمة", "🎧", "a/b", "//", "media", "revisions", "+",
        "eyJhIjoxfQ", "found", "archived", "W10",
    ]
)  # fmt: skip
TEXT = ODD | st.text(max_size=30).filter(lambda text: not re.search("[\ud800-\udfff]", text))
NUMBER = st.integers(-(2**70), 2**70).map(str) | st.integers(0, 20).map(str)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=6,
)
QUICK = settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Hearing:
    """A source that takes empty messages only, and cannot be reached."""

    name = "zoom"
    capabilities = Capabilities(3600.0, 100, 1, None)

    def server_time(self):
        raise Unreachable("nobody answers there")

    def list_items(self, _window, _page):
        raise Unreachable("nobody answers there")

    def hear(self, request):
        return WebhookAnswer(401 if request.body else 204)


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def client(request, tmp_path_factory):
    node = FakeNode()
    node.sources = {"zoom": OpenSource("zoom", Hearing())}
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('db')}/contacts.db"
        migrated(url)
        node.contact_db = SqlContactDb(
            open_engine(url), cluster="emea", node="alpha", clock=node.clock
        )
    node.archive_one()
    node.fail_one()
    return node.client(TOKEN)


@pytest.mark.parametrize("day", ["", "2026-02-30", "2026-01-01"])
def test_a_day_of_a_source_that_does_not_answer_is_no_fault_of_the_node(client, day):
    answer = client.post("/api/v1/certificates", json={"source": "zoom", "day": day})
    assert answer.status_code in {422, 503}


def _segment(text):
    """One part of a path: clients resolve dots, so that another route would be asked."""
    return quote(text, safe="").replace(".", "%2E")


def resolved(schema):
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def plausible(schema):
    """Values that a route may take."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return st.one_of(map(plausible, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "array":
        return st.lists(plausible(schema["items"]), max_size=3)
    if schema.get("type") == "object":
        known = {name: plausible(part) for name, part in schema.get("properties", {}).items()}
        required = {name: known.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional=known)
    plain = {"integer": st.integers(0, 20), "boolean": st.booleans(), "null": st.none()}
    return plain.get(schema.get("type"), ODD)


def as_query(value):
    return [as_text(one) for one in value] if isinstance(value, list) else [as_text(value)]


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


@st.composite
def requests(draw, operation):
    """A request as its description allows, or nearly."""
    method, path = operation
    described = DOCUMENT["paths"][path][method.lower()]
    query = []
    for one in described.get("parameters", ()):
        value = draw(plausible(one["schema"]).map(as_text) | TEXT | NUMBER)
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", _segment(value) or "-")
        elif one.get("required") or draw(st.booleans()):
            values = draw(st.just([value]) | plausible(one["schema"]).map(as_query))
            query += [(one["name"], item) for item in values]
    more = {}
    if method != "GET":
        body = described.get("requestBody")
        schema = body["content"]["application/json"]["schema"] if body else {}
        fit = plausible(schema).map(lambda value: json.dumps(value).encode())
        any_json = JSON.map(lambda value: json.dumps(value).encode())
        more["content"] = draw(fit | any_json | st.binary(max_size=50))
        more["headers"] = {"Content-Type": draw(st.sampled_from(["application/json", "text/x"]))}
    return method, path, query, more


def problems(operation, answer):
    """How an answer differs from its description."""
    method, path = operation
    described = DOCUMENT["paths"][path][method.lower()]["responses"].get(str(answer.status_code))
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code >= 400 and kind == "application/json" and path.startswith("/api/"):
        schema = {"$ref": "#/components/schemas/ErrorView"}
    elif described is None:
        return [f"{answer.status_code} is not described"]
    elif kind != "application/json":
        return []
    else:
        schema = described.get("content", {}).get("application/json", {}).get("schema", {})
    root = {"allOf": [schema], "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(root).iter_errors(answer.json())]


@QUICK
@given(data=st.data())
def test_every_answer_is_as_described(client, data):
    operation = data.draw(st.sampled_from(OPERATIONS))
    method, path, query, more = data.draw(requests(operation))

    answer = client.request(method, path, params=query, **more)

    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    # A path that was drawn may lead to another route, or to none.
    if answer.status_code != 404 and "%2F" not in path:
        assert problems(operation, answer) == []


def filled(path):
    return re.sub(r"\{(\w+)\}", "1", path)


@pytest.mark.parametrize("token", [None, "wrong", TOKEN[:-1], TOKEN + "x", "\x00", "é"])
def test_every_route_but_health_and_webhooks_needs_the_token(token):
    client = FakeNode().client()
    headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}

    for method, path in OPERATIONS:
        if path in WITHOUT_TOKEN or path.startswith(HOOKS):
            continue
        answer = client.request(method, filled(path), headers=headers)

        assert answer.status_code == 401, path
        assert answer.json()["error"]["message"]
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_parameter_nobody_knows_is_refused_where_it_could_mislead():
    client = FakeNode().client(TOKEN)
    for method, path in OPERATIONS:
        answer = client.request(method, filled(path), params={"sorce": "zoom"}, json={})

        if path in WITHOUT_TOKEN or path.startswith(HOOKS):
            assert "sorce" not in answer.text
        else:
            assert answer.status_code == 422, path
            assert "sorce" in answer.json()["error"]["message"]


@pytest.mark.parametrize("method", ["PUT", "TRACE", "BREW"])
def test_a_method_nobody_knows_is_refused_in_the_one_form(method):
    client = FakeNode().client(TOKEN)
    for path in sorted(DOCUMENT["paths"]):
        if method.lower() in DOCUMENT["paths"][path]:
            continue
        answer = client.request(method, filled(path))

        assert answer.status_code == 405, path
        assert answer.json()["error"]["message"]
