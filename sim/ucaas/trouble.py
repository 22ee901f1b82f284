"""What faults do to an answer on its way, whatever the service: pages, cuts, stalls, slowness. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import Content, Response, Trouble

SPOILING = frozenset(
    {
        FaultKind.CUT,
        FaultKind.DROP,
        FaultKind.EMPTY,
        FaultKind.HTML,
        FaultKind.STALL,
        FaultKind.TRUNCATE,
    }
)
"""After these the asker has not seen what it asked for."""
_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
)


def sign_in_page() -> Response:
    """A page for people instead of what was asked for, as 200."""
    return Response(200, (("Content-Type", "text/html; charset=utf-8"),), Content((_PAGE,)))


def spoil(response: Response, faults: Sequence[Fault]) -> Response:
    """The answer with what goes wrong on its way; several faults add up."""
    for fault in faults:
        match fault.kind:
            case FaultKind.HTML:
                response = replace(sign_in_page(), trouble=response.trouble)
            case FaultKind.EMPTY:
                response = replace(response, status=200, content=Content())
            case FaultKind.TRUNCATE:
                response = _truncated(response, fault)
            case FaultKind.WRONG_BYTES:
                response = _altered(response, fault)
            case _:
                response = replace(response, trouble=_trouble(response, fault))
    return response


def _truncated(response: Response, fault: Fault) -> Response:
    full = response.content.size_bytes
    short = response.content.cut(0, fault.offset(full))
    trouble = response.trouble
    if fault.text("announced", "short") == "full":
        trouble = replace(trouble, announced_bytes=full)
    return replace(response, content=short, trouble=trouble)


def _altered(response: Response, fault: Fault) -> Response:
    """One byte is another; a body of no bytes stays as it is."""
    full = response.content.size_bytes
    if not full:
        return response
    at = fault.offset(full)
    other = bytes([response.content.cut(at, at + 1).joined()[0] ^ 0x01])
    parts = (*response.content.cut(0, at).parts, other, *response.content.cut(at + 1, full).parts)
    return replace(response, content=Content(parts))


def _trouble(response: Response, fault: Fault) -> Trouble:
    trouble, size = response.trouble, response.content.size_bytes
    match fault.kind:
        case FaultKind.SLOW:
            rate = fault.parameters.get("bytes_per_s")
            return replace(
                trouble,
                delay_s=trouble.delay_s + fault.number("delay_s", 0 if rate else 1),
                bytes_per_s=trouble.bytes_per_s if rate is None else float(rate),
            )
        case FaultKind.DROP:
            return replace(trouble, drop=True)
        case FaultKind.STALL:
            seconds = fault.number("seconds", 3600)
            return replace(trouble, stall_at=fault.offset(size), stall_s=seconds)
        case FaultKind.CUT:
            return replace(trouble, cut_at=fault.offset(size), reset=fault.flag("reset"))
        case _:
            return trouble
