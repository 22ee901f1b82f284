"""Every answer, error bodies too, against the OpenAPI documents of the real service."""

import json

import httpx
import pytest

from sim.ucaas.faults import FaultKind
from sim.ucaas.webex.scripts import KINDS, Change, Leg
from tests.sim.ucaas.openapi import operations, spec
from tests.sim.ucaas.webex.fakes import API, CLIENTS, HISTORY, Fake, at, recording

RECORDINGS = "webex-converged-recordings-api-openapi.yml"
TOKENS = "webex-service-app-token-openapi.json"
HOOKS = "webex-webhooks-api-openapi.yml"
CDRS = "webex-reports-detailed-call-history-api-openapi.yml"
CALLS = "webex-call-controls-api-openapi.yml"
HOUR_S = 3600
HOOK = {
    "name": "n",
    "targetUrl": "https://x.example/",
    "resource": "convergedRecordings",
    "event": "created",
    "secret": "s",
    "ownedBy": "org",
    "filter": "ownerType=user",
}
FEED = {"startTime": at(-60), "endTime": at(60)}
UNKNOWN_COLUMN = "Recorded Mood"


@pytest.fixture
def fake():
    fake = Fake()
    for kind in KINDS:
        part = recording(transcript=True, notes=True)
        fake.place(part, legs=(Leg(0, 20.0, kind, hold_s=2.0),), queue=kind == "user")
    return fake


def good(document, operation, answer, status=200):
    assert answer.status_code == status, answer.text
    assert document.problems(operation, answer) == []


@pytest.mark.parametrize("where", ["admin/convergedRecordings", "convergedRecordings"])
def test_listings(fake, where):
    answer = fake.get(where, to=at(1000), max=3)

    assert answer.json()["items"]
    good(spec(RECORDINGS), f"GET /{where}", answer)


def test_every_parameter_of_a_listing_is_known(fake):
    document = spec(RECORDINGS)
    for where in ("admin/convergedRecordings", "convergedRecordings"):
        known = document.parameters(f"GET /{where}") - {"max", "from", "to", "topic"}
        narrowed = {name: fake.get(where, to=at(1000), **{name: "?"}) for name in known}
        for name, answer in narrowed.items():
            assert answer.status_code == 400 or answer.json()["items"] == [], name


def test_details_with_links_and_without(fake):
    document, operation = spec(RECORDINGS), "GET /convergedRecordings/{recordingId}"
    key = fake.ids(to=at(1000))[0]

    with_links = fake.details(key)
    assert with_links.json()["temporaryDirectDownloadLinks"]["transcriptDownloadLink"]
    good(document, operation, with_links)
    good(document, operation, fake.details(key, client=fake.as_client("boss")))
    for what in ("trash", "purge"):
        good(document, operation, fake.details(fake.key(recording(changes=(Change(1, what),)))))


@pytest.mark.parametrize("all_types", ["true", "false"])
def test_metadata(fake, all_types):
    document = spec(RECORDINGS, closed=False)
    operation = "GET /convergedRecordings/{recordingId}/metadata"
    for key in fake.ids(to=at(1000)):
        answer = fake.get(f"convergedRecordings/{key}/metadata", showAllTypes=all_types)
        good(document, operation, answer)
    fake.fault(FaultKind.NO_METADATA)
    good(document, operation, fake.get(f"convergedRecordings/{key}/metadata"), 204)


def test_metadata_have_the_fields_of_the_example(fake):
    spec(RECORDINGS)
    key = fake.key(queue=True)
    shown = fake.get(f"convergedRecordings/{key}/metadata", showAllTypes="true").json()
    operation = spec(RECORDINGS).document["paths"]["/convergedRecordings/{recordingId}/metadata"]
    (content,) = operation["get"]["responses"]["200"]["content"].values()

    missing = set(paths_of(content["example"])) - set(paths_of(shown))

    assert missing == set()


def paths_of(value, above=""):
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{above}/{name}"
            yield from paths_of(part, f"{above}/{name}")
    elif isinstance(value, list):
        for part in value:
            yield from paths_of(part, above)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("softDelete", {"trashAll": False}),
        ("restore", {"restoreAll": False}),
        ("purge", {"purgeAll": False}),
        ("reassign", {"reassignOwnerEmail": "user1@contoso.example"}),
    ],
)
def test_what_is_done_to_many(fake, what, body):
    document, operation = spec(RECORDINGS), f"POST /convergedRecordings/{what}"
    given = body | {"recordingIds": fake.ids(to=at(1000))[:1]}

    assert document.request_problems(operation, given) == []
    answer = fake.http.post(f"{API}/convergedRecordings/{what}", json=given)
    good(document, operation, answer, 204)


def test_deleting(fake):
    document, operation = spec(RECORDINGS), "DELETE /convergedRecordings/{recordingId}"
    url, body = f"{API}/convergedRecordings/{fake.ids(to=at(1000))[0]}", {"reason": "audit"}

    assert document.request_problems(operation, body) == []
    good(document, operation, fake.http.request("DELETE", url, json=body), 204)


def test_every_operation_on_recordings_is_answered(fake):
    document = spec(RECORDINGS)
    for operation in operations(document):
        method, path = operation.split(" ")
        url = f"{API}{path.replace('{recordingId}', fake.ids(to=at(1000))[0])}"
        assert fake.http.request(method, url, json={}).status_code not in {404, 405}, operation


def test_tokens_of_a_service_app(fake):
    document, operation = spec(TOKENS), "POST /applications/{applicationId}/token"
    url = f"{API}/applications/app-beta/token"
    body = {"clientId": "beta", "clientSecret": CLIENTS[1].secret, "targetOrgId": "o"}

    assert document.request_problems(operation, body) == []
    answer = fake.http.post(url, json=body)
    assert answer.json().pop("scope")
    assert spec(TOKENS, closed=False).problems(operation, answer) == []
    for wrong, status in (
        ({"clientSecret": "no"}, 401),
        ({"clientId": "no"}, 404),
        ({"targetOrgId": 5}, 400),
    ):
        refused = fake.http.post(url, json=body | wrong)
        assert refused.status_code == status
        assert spec(TOKENS, closed=False).problems(operation, refused) == []


def test_webhooks(fake):
    document = spec(HOOKS)
    assert document.request_problems("POST /webhooks", HOOK) == []
    made = fake.http.post(f"{API}/webhooks", json=HOOK)
    one = f"{API}/webhooks/{made.json()['id']}"
    changes = {"name": "m", "targetUrl": "https://y.example/", "status": "active"}

    good(document, "POST /webhooks", made)
    good(document, "GET /webhooks", fake.get("webhooks"))
    good(document, "GET /webhooks/{webhookId}", fake.http.get(one))
    assert document.request_problems("PUT /webhooks/{webhookId}", changes) == []
    good(document, "PUT /webhooks/{webhookId}", fake.http.put(one, json=changes))
    good(document, "DELETE /webhooks/{webhookId}", fake.http.delete(one), 204)


@pytest.mark.parametrize("which", ["cdr_feed", "cdr_stream"])
def test_call_history_but_for_one_column_that_nobody_knows(fake, which):
    fake.place(legs=(Leg(0, 10.0, answered=False), Leg(1, 30.0, consult=3)), internal=True)
    fake.clock.go(HOUR_S)
    given = {"startTime": at(-60), "endTime": at(1200)}

    answer = fake.get(f"{HISTORY}/{which}", **given)
    items = [
        {name: value for name, value in item.items() if name != UNKNOWN_COLUMN}
        for item in answer.json()["items"]
    ]

    assert len(items) >= 8
    assert all(UNKNOWN_COLUMN in item for item in answer.json()["items"])
    known = httpx.Response(200, json={"items": items}, headers=dict(answer.headers))
    good(spec(CDRS), f"GET /{which}", known)


def test_events_of_calls_describe_the_call_as_call_control_does(fake):
    document = spec(CALLS, closed=False)
    body = HOOK | {"resource": "telephony_calls", "event": "all", "ownedBy": "creator"}
    body.pop("filter")
    fake.as_client("ada").post(f"{API}/webhooks", json=body)
    fake.place(legs=(Leg(0, 30.0, hold_s=4.0, consult=4),), ends_in_s=30.0)

    told = [json.loads(delivery.body) for delivery in fake.service.deliveries()]

    assert len(told) >= 8
    for one in told:
        data = dict(one["data"])
        call = data | {"id": data.pop("callId")}
        assert document.body_problems("Call", call) == []
        assert (
            spec(HOOKS, closed=False).body_problems("Webhook", one | {"event": one["event"]}) == []
        )


REFUSED = [
    ("GET /admin/convergedRecordings", "listing", {"max": 0}, 400),
    ("GET /convergedRecordings/{recordingId}", "details", {}, 404),
    ("GET /convergedRecordings/{recordingId}/metadata", "metadata", {}, 404),
    ("GET /cdr_feed", "history", {}, 400),
    ("GET /webhooks/{webhookId}", "webhooks", {}, 404),
]


@pytest.mark.parametrize(("operation", "what", "given", "status"), REFUSED)
def test_refusals_have_the_body_of_an_error(fake, operation, what, given, status):
    url = {
        "listing": f"{API}/admin/convergedRecordings",
        "details": f"{API}/convergedRecordings/nothing",
        "metadata": f"{API}/convergedRecordings/nothing/metadata",
        "history": f"{HISTORY}/cdr_feed",
        "webhooks": f"{API}/webhooks/nothing",
    }[what]
    refused = [fake.http.get(url, params=given), fake.bare.get(url)]
    faults = (("throttle", {}), ("forbidden", {}), ("wrong_region", {}))
    for kind, parameters in (*faults, *(("server_error", {"status": s}) for s in (423, 503))):
        number = fake.fault(FaultKind(kind), **parameters)
        refused.append(fake.http.get(url, params=given))
        fake.service.remove_fault(number)

    assert [answer.status_code for answer in refused[:4]] == [status, 401, 429, 403]
    for answer in refused:
        assert spec(TOKENS, closed=False).body_problems("Error", answer.json()) == []
        assert set(answer.json()) >= {"message", "errors", "trackingId"}
        assert answer.headers["trackingid"] == answer.json()["trackingId"]
        documents = (RECORDINGS, CDRS, HOOKS)
        listed = [
            spec(name).document["paths"][path][method.lower()]["responses"]
            for name in documents
            for method, path in [operation.split(" ")]
            if path in spec(name).document["paths"]
        ]
        assert str(answer.status_code) in listed[0] or answer.status_code == 451


def test_a_refused_grant_has_the_body_of_an_error_too(fake):
    answer = fake.refresh(refresh_token="no")

    assert spec(TOKENS, closed=False).body_problems("Error", answer.json()) == []
