"""How the API says no: always `{"error": {"message", "hint"}}`."""

from __future__ import annotations

from typing import Any, NoReturn

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


def documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these status codes carry an ErrorView."""
    return {code: {"model": ErrorView} for code in codes}


def error_body(message: str, hint: str, status: str | None = None) -> dict[str, Any]:
    """The JSON of an ErrorView."""
    detail = ErrorDetail(message=message, hint=hint, status=status)
    return {"error": detail.model_dump(exclude_none=True)}


def refuse(
    code: int, message: str, hint: str = "", *, headers: dict[str, str] | None = None
) -> NoReturn:
    """Answer with this status code and words."""
    raise HTTPException(code, error_body(message, hint)["error"], headers=headers)
