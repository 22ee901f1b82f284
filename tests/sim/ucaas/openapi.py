"""Answers of a fake against the OpenAPI document of the service it imitates, where that is at hand.

`spec("name.yaml")` skips the test when the document is not there. Documents are data beside this
repository, in ../shared/specs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path

import httpx
import pytest
import yaml
from jsonschema import Draft4Validator, FormatChecker

SPECS = Path(__file__).parents[4] / "shared" / "specs"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class Spec:
    """One document, prepared for JSON Schema. `closed`: an object may hold only what is described."""

    def __init__(self, document: dict, *, closed: bool) -> None:
        self.document = document
        components = deepcopy(document.get("components", {}))
        self._components = prepared(components, closed=closed)
        self._closed = closed

    def problems(
        self, operation: str, answer: httpx.Response, *, fallback: str | None = None
    ) -> list[str]:
        """What is wrong with an answer to `operation` ("GET /path/{as}/written"), in words.

        `fallback` names the schema component for statuses that the operation does not list.
        """
        schema = self._schema(operation, answer, fallback)
        if isinstance(schema, str):
            return [schema]
        if schema is None:
            return [f"a body with {answer.status_code}"] if answer.content else []
        return self.faults_of(schema, answer.json())

    def body_problems(self, component: str, body: object) -> list[str]:
        """What is wrong with a value as the schema component of this name."""
        return self.faults_of({"$ref": f"#/components/schemas/{component}"}, body)

    def request_problems(self, operation: str, body: object) -> list[str]:
        """What is wrong with the JSON body of a request."""
        content = self._operation(operation)["requestBody"]["content"]
        return self.faults_of(prepared(json_of(content)["schema"], closed=self._closed), body)

    def faults_of(self, schema: Mapping, value: object) -> list[str]:
        root = {"allOf": [schema], "components": self._components}
        checker = Draft4Validator(root, format_checker=FORMATS)
        return sorted(
            f"{'/'.join(map(str, error.absolute_path)) or 'body'}: {error.message}"
            for error in checker.iter_errors(value)
        )

    def parameters(self, operation: str) -> set[str]:
        """Names of the query parameters."""
        path = self.document["paths"][operation.split(" ", 1)[1]]
        rows = [*path.get("parameters", ()), *self._operation(operation).get("parameters", ())]
        return {row["name"] for row in map(self._resolved, rows) if row["in"] == "query"}

    def _operation(self, operation: str) -> dict:
        method, path = operation.split(" ", 1)
        return self.document["paths"][path][method.lower()]

    def _resolved(self, row: dict) -> dict:
        while "$ref" in row:
            found = self.document
            for name in row["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            row = found
        return row

    def _schema(self, operation: str, answer: httpx.Response, fallback: str | None) -> object:
        """The schema, None for an answer that has no body, or what is wrong as text."""
        responses = self._operation(operation)["responses"]
        status = str(answer.status_code)
        row = responses.get(status) or responses.get(int(status)) or responses.get("default")
        if row is None:
            if fallback is None:
                return f"status {status} is not described for {operation}"
            return {"$ref": f"#/components/schemas/{fallback}"}
        content = self._resolved(row).get("content")
        if not content:
            return (
                None
                if fallback is None or answer.is_success
                else {"$ref": f"#/components/schemas/{fallback}"}
            )
        kind = media_type(answer.headers.get("content-type", ""))
        if kind not in map(media_type, content):
            return f"content type {kind!r} instead of {', '.join(content)}"
        schema = json_of(content).get("schema")
        return None if schema is None else prepared(deepcopy(schema), closed=self._closed)


def json_of(content: Mapping) -> dict:
    return next(row for kind, row in content.items() if media_type(kind) == "application/json")


def media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def prepared(schema: object, *, closed: bool, inside_all_of: bool = False) -> object:
    """OpenAPI 3.0 as JSON Schema: `nullable`, and closed objects if wanted. Changes it in place."""
    if isinstance(schema, list):
        for one in schema:
            prepared(one, closed=closed, inside_all_of=inside_all_of)
    elif isinstance(schema, dict):
        schema.pop("example", None)
        schema.pop("examples", None)
        if schema.get("nullable") is True and isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        if closed and not inside_all_of and isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
        for name, part in schema.items():
            prepared(part, closed=closed, inside_all_of=name in {"allOf", "anyOf", "oneOf"})
    return schema


@cache
def _loaded(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return text
    return json.dumps(yaml.load(text, Loader=_Plain))  # noqa: S506 - a safe loader


class _Plain(yaml.SafeLoader):
    """Dates stay text."""


_Plain.add_constructor(
    "tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node)
)


def spec(name: str, *, closed: bool = True) -> Spec:
    """The document of this name. Skips the test when it is not at hand."""
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"the OpenAPI document {name} is not at hand")
    return Spec(json.loads(_loaded(path)), closed=closed)


def operations(document: Spec) -> Iterator[str]:
    """Every operation, as `problems` takes it."""
    for path, row in document.document["paths"].items():
        for method in row:
            if method in {"get", "put", "post", "delete", "patch"}:
                yield f"{method.upper()} {path}"
