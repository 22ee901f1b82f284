"""The host of the files: whoever has a ticket gets the bytes, nobody else does."""

from __future__ import annotations

from sim.ucaas.http import Content, Request, Response, byte_range
from sim.ucaas.webex.environment import Environment
from sim.ucaas.webex.files import StoredFile, Ticket
from sim.ucaas.webex.spoil import expired_link, plain


def download(
    request: Request, ticket: Ticket | None, env: Environment, now_us: int, *, expired_status: int
) -> Response:
    """Answer a download. A bearer token that comes along is counted as a leak and otherwise ignored."""
    if "authorization" in request.headers:
        env.statistics.leak()
    if request.method not in {"GET", "HEAD"}:
        return plain(405, "The method is not supported.")
    if ticket is None or now_us >= ticket.expires_us:
        return expired_link(expired_status)
    stored = env.files.get(ticket.item, ticket.kind)
    if stored is None:
        return plain(404, "The recording is not there any more.")
    return _body(request, stored)


def _body(request: Request, stored: StoredFile) -> Response:
    headers = (
        ("Content-Type", stored.media_type),
        ("Content-Disposition", f'attachment; filename="{stored.name}"'),
        ("Accept-Ranges", "bytes"),
    )
    wanted = request.headers.get("range")
    if wanted is None:
        return Response(200, headers, stored.content)
    span = byte_range(wanted, stored.size_bytes)
    if span is None:
        unmet = ("Content-Range", f"bytes */{stored.size_bytes}")
        return Response(416, (unmet,), Content())
    shown = ("Content-Range", f"bytes {span[0]}-{span[1] - 1}/{stored.size_bytes}")
    return Response(206, (*headers, shown), stored.content.cut(*span))
