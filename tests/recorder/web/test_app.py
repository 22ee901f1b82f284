import re
from pathlib import Path

import pytest

from cluster.ports import Endpoint
from recorder.errors import ConfigError
from recorder.web.app import create_app
from recorder.web.server import WebServer
from tests.recorder.fake_node import FakeNode

HIDDEN = {"/live", "/liveness", "/ready", "/readiness", "/openapi.json"}


@pytest.fixture
def app():
    return create_app(FakeNode().control())


PREFIXES = {"health_routes.py": "", "webhook_routes.py": "/api/recording/cti/v1"}


OF_PAGES = {"login_routes.py", "page_routes.py"}
"""No part of the API for programs."""


def paths_in_code():
    found = set()
    for file in Path("recorder/web").glob("*_routes.py"):
        if file.name in OF_PAGES:
            continue
        text = file.read_text("utf-8")
        own = re.search(r'prefix="([^"]+)"', text)
        prefix = PREFIXES.get(file.name, own[1] if own else "/api/v1")
        for path in re.findall(r'@router\.\w+\(\s*"([^"]*)"', text):
            found.add(prefix + path.replace(":path}", "}"))
    return found


def test_the_openapi_document_names_every_route_but_the_aliases(app):
    document = app.openapi()
    assert document["openapi"].startswith("3.")
    assert set(document["paths"]) == paths_in_code() - HIDDEN


def test_every_operation_is_described_and_has_its_own_id(app):
    operations = [
        operation for methods in app.openapi()["paths"].values() for operation in methods.values()
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(operation["description"] for operation in operations)


def test_every_refusal_of_the_api_is_documented_in_its_one_form(app):
    document = app.openapi()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        if path.startswith("/api/"):
            for operation in methods.values():
                content = operation["responses"]["401"]["content"]["application/json"]
                assert content["schema"]["$ref"].endswith("/ErrorView")


def test_every_reference_in_the_document_leads_somewhere(app):
    document = app.openapi()
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert names <= set(document["components"]["schemas"])


def test_a_taken_port_is_told_by_its_path_in_the_configuration(app):
    server = WebServer(app, Endpoint("127.0.0.1", 0), certificate=None, key=None)
    try:
        with pytest.raises(ConfigError, match=r"web\.listen: cannot listen on 127") as caught:
            WebServer(app, server.endpoint, certificate=None, key=None)
        assert caught.value.hint
    finally:
        server.stop()


def test_a_certificate_that_cannot_be_used_is_told_before_anything_starts(app, tmp_path):
    pem = tmp_path / "c.pem"
    pem.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"web\.tls_certificate: .*c\.pem"):
        WebServer(app, Endpoint("127.0.0.1", 0), certificate=pem, key=pem)


def test_a_server_that_never_started_can_be_stopped(app):
    WebServer(app, Endpoint("127.0.0.1", 0), certificate=None, key=None).stop()
