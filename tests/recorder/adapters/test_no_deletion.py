"""Copies at the source are never deleted: nothing an adapter can send takes anything away.

No code of the adapters names a method of HTTP that changes anything.
"""

import ast
from pathlib import Path

import pytest

import recorder.adapters

FOLDER = Path(recorder.adapters.__file__).parent
FORBIDDEN = {"DELETE", "PATCH", "PUT"}
SOURCES = sorted(
    path for name in ("dynamics", "zoom", "webex", "http") for path in (FOLDER / name).rglob("*.py")
)
MEDIA = sorted(FOLDER.glob("media*.py"))


def calls(module):
    """Names of methods that are called, and texts."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield f".{node.func.attr}("


@pytest.mark.parametrize("path", [*SOURCES, *MEDIA], ids=lambda path: path.name)
def test_no_adapter_knows_a_request_that_changes_anything_at_a_source(path):
    found = set(calls(ast.parse(path.read_text("utf-8"))))
    assert not FORBIDDEN & {one.upper() for one in found}
    assert not {".delete(", ".put(", ".patch("} & found


def test_the_search_finds_what_it_should():
    assert len(SOURCES) > 20
    wrong = ast.parse('client.request("delete", url)\nclient.delete(url)')
    found = set(calls(wrong))
    assert "DELETE" in {one.upper() for one in found}
    assert ".delete(" in found
