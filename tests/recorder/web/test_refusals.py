import json
import re

from recorder.web.app import create_app
from recorder.web.refusals import ErrorView, add_refusals, documented
from tests.recorder.fake_node import FakeNode


def test_what_is_referred_to_is_in_the_document():
    document = create_app(FakeNode().control()).openapi()
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert {"ErrorView", "ErrorDetail"} <= referred <= set(document["components"]["schemas"])


def test_the_document_is_made_once():
    app = create_app(FakeNode().control())
    assert app.openapi() is app.openapi()


def test_a_document_without_schemas_gets_those_of_a_refusal():
    document = {"paths": {}}
    add_refusals(document)
    schemas = document["components"]["schemas"]
    assert set(schemas) == {"ErrorView", "ErrorDetail"}
    assert set(schemas["ErrorView"]["properties"]) == set(ErrorView.model_fields)
    assert "$defs" not in schemas["ErrorView"]


def test_each_status_code_is_described():
    assert set(documented(401, 422)) == {401, 422}
