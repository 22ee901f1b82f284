"""How the API says no: always `{"error": {"message", "hint"}}`."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from fastapi import HTTPException
from pydantic import BaseModel


class ErrorDetail(BaseModel):
    """What is wrong, and what to do next."""

    message: str
    hint: str = ""
    status: str | None = None
    """For commands: refused or unknown."""


class ErrorView(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


_SCHEMAS: Final = "#/components/schemas/"


def documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these status codes carry an ErrorView.

    By its name: given as a `model`, each of some hundred answers would get a validator of its own, and a
    node would take twice as long to make its routes. See `add_refusals`.
    """
    content = {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{ErrorView.__name__}"}}}
    return {code: {"content": content} for code in codes}


def add_refusals(document: dict[str, Any]) -> None:
    """Put into an OpenAPI document what `documented` refers to."""
    schema = ErrorView.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
    known = document.setdefault("components", {}).setdefault("schemas", {})
    known.update({**schema.pop("$defs"), ErrorView.__name__: schema})


def error_body(message: str, hint: str, status: str | None = None) -> dict[str, Any]:
    """The JSON of an ErrorView."""
    detail = ErrorDetail(message=message, hint=hint, status=status)
    return {"error": detail.model_dump(exclude_none=True)}


def refuse(
    code: int, message: str, hint: str = "", *, headers: dict[str, str] | None = None
) -> NoReturn:
    """Answer with this status code and words."""
    raise HTTPException(code, error_body(message, hint)["error"], headers=headers)
