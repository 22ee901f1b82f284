"""Answers of the fake environment against the schema that is written down beside it."""

import re
from importlib.resources import files
from urllib.parse import unquote

import httpx
import yaml

from tests.sim.ucaas.openapi import Spec, operations

DOCUMENT = yaml.safe_load(files("sim.ucaas.dynamics").joinpath("openapi.yaml").read_text("utf-8"))
SPEC = Spec(DOCUMENT, closed=True)
OPERATIONS = frozenset(operations(SPEC))
EMPTY_OK = 200
BYTES = "GET /api/data/v9.2/msdyn_ocrecordings({id})/{column}/$value"


def operation_of(request):
    """The operation that a request asks for, as the document writes it, whether it is there or not."""
    path = unquote(request.url.path)
    path = re.sub(r"\((?:\w+=)?[0-9a-fA-F-]{36}\)", "({id})", path)
    path = re.sub(r"LogicalName='\w+'", "LogicalName='{table}'", path)
    path = re.sub(r"FileAttributeName='\w+'", "FileAttributeName='{column}'", path)
    path = re.sub(r"/msdyn_recording\w*/\$value", "/{column}/$value", path)
    path = re.sub(r"^/[^/]+/oauth2/v2", "/{tenant}/oauth2/v2", path)
    return f"{request.method} {path}"


def is_written(request):
    """Whether the document describes the request: it knows no change tracking and no other expansions."""
    query = unquote(request.url.query.decode())
    changes = "track-changes" in request.headers.get("prefer", "") or "deltatoken" in query
    expands = "$expand" in query and "msdyn_ocrecording_FileAttachments" not in query
    return operation_of(request) in OPERATIONS and not changes and not expands


def problems(answer):
    """What is wrong with an answer, in words; nothing for a request that is not written down."""
    operation = operation_of(answer.request)
    if not is_written(answer.request):
        return []
    if operation == BYTES and answer.status_code in {200, 206}:
        return []
    return [f"{operation}: {told}" for told in SPEC.problems(operation, answer)]


def as_written(handle):
    """The handler of a fake, each answer of which is held against the document before it goes on its way."""

    def checked(request):
        response = handle(request)
        if response.status == EMPTY_OK and not response.content.size_bytes:
            return response  # a fault that the test ordered
        url = f"{request.scheme}://{request.host}{request.path}?{request.query}"
        asked = httpx.Request(request.method, url, headers=dict(request.headers))
        whole = httpx.Response(
            response.status,
            headers=list(response.headers),
            content=response.content.joined(),
            request=asked,
        )
        told = problems(whole)
        assert told == [], told
        return response

    return checked
