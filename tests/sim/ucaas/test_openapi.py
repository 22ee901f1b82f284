"""The helper that holds fakes against the documents of the services they imitate."""

import httpx
import pytest

from tests.sim.ucaas.openapi import SPECS, Spec, operations, spec

DOCUMENT = {
    "paths": {
        "/calls/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path"},
                    {"$ref": "#/components/parameters/Max"},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json;charset=UTF-8": {
                                "schema": {"$ref": "#/components/schemas/Call"}
                            }
                        }
                    },
                    "204": {"description": "nothing"},
                    "404": {"$ref": "#/components/responses/Missing"},
                },
            }
        }
    },
    "components": {
        "parameters": {"Max": {"name": "max", "in": "query"}},
        "responses": {
            "Missing": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
            }
        },
        "schemas": {
            "Error": {"type": "object", "required": ["code"], "properties": {"code": {}}},
            "Call": {
                "type": "object",
                "required": ["at"],
                "properties": {
                    "at": {"type": "string", "format": "date-time"},
                    "note": {"type": "string", "nullable": True},
                },
            },
        },
    },
}
GET = "GET /calls/{id}"


@pytest.fixture
def calls():
    return Spec(DOCUMENT, closed=True)


def answer(status, body=None, **headers):
    return httpx.Response(status, json=body, headers=headers)


def test_an_answer_as_described_has_no_problems(calls):
    assert calls.problems(GET, answer(200, {"at": "2026-03-01T00:00:00Z", "note": None})) == []
    assert calls.problems(GET, answer(404, {"code": 7})) == []
    assert calls.problems(GET, httpx.Response(204)) == []


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, {}, "'at' is a required property"),
        (200, {"at": "soon"}, "is not a 'date-time'"),
        (200, {"at": "2026-03-01T00:00:00"}, "is not a 'date-time'"),
        (200, {"at": 5}, "is not of type 'string'"),
        (200, {"at": "2026-03-01T00:00:00Z", "more": 1}, "'more' was unexpected"),
        (404, {"error": "x"}, "'code' is a required property"),
        (500, {}, "status 500 is not described"),
        (204, {"a": 1}, "a body with 204"),
    ],
)
def test_what_differs_is_told(calls, status, body, told):
    assert told in " ".join(calls.problems(GET, answer(status, body)))


def test_another_content_type_is_a_problem(calls):
    page = httpx.Response(200, html="<p>")

    assert calls.problems(GET, page) == [
        "content type 'text/html' instead of application/json;charset=UTF-8"
    ]


def test_a_status_that_is_not_described_may_have_a_schema_to_fall_back_on(calls):
    assert calls.problems(GET, answer(500, {"code": 1}), fallback="Error") == []
    assert calls.problems(GET, answer(500, {}), fallback="Error") != []


def test_an_open_document_lets_more_fields_pass():
    body = {"at": "2026-03-01T00:00:00Z", "more": 1}

    assert Spec(DOCUMENT, closed=False).problems(GET, answer(200, body)) == []


def test_operations_and_their_parameters_are_listed(calls):
    assert [*operations(calls)] == [GET]
    assert calls.parameters(GET) == {"max"}


def test_every_document_at_hand_can_be_read():
    if not SPECS.exists():
        pytest.skip("no OpenAPI documents are at hand")
    names = sorted(path.name for path in SPECS.glob("*openapi*"))

    assert names
    assert all([*operations(spec(name))] for name in names)
