"""A transport in front of a fake that answers in its place when told to: what breaks every service alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Literal, TypeAlias

import httpx

from recorder.adapters.http.retry_after import http_date

Which: TypeAlias = Callable[[httpx.Request], bool]
Spoil: TypeAlias = Callable[[httpx.Request], httpx.Response]
_OK = 200


def _plain_error(status: int) -> httpx.Response:
    return httpx.Response(status, json={"error": "as ordered"})


def _none(_request: httpx.Request) -> bool:
    return False


class Overlay(httpx.BaseTransport):
    """Passes requests on to `inner`, but for what was ordered. Implements a part of SourceWorld.

    `is_api`, `is_media` and `is_token` tell the kinds of requests apart; `error` makes the body that this
    service gives with a status. `wall_s` is the service's clock, seconds since 1970.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        wall_s: Callable[[], float],
        is_api: Which,
        is_media: Which,
        is_token: Which = _none,
        error: Callable[[int], httpx.Response] = _plain_error,
    ) -> None:
        self._inner = inner
        self._wall_s = wall_s
        self._is_api = is_api
        self._is_media = is_media
        self._is_token = is_token
        self._error = error
        self._answers: list[Spoil] = []
        self._downloads: list[Spoil] = []
        self.tokens_given = 0
        self.skew_s = 0.0
        """Added to the `Date` of every answer."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry out the next order for this kind of request, or pass it on."""
        request.read()
        if self._answers and self._is_api(request):
            return self._answers.pop(0)(request)
        if self._downloads and self._is_media(request):
            return self._downloads.pop(0)(request)
        answer = self._passed(request)
        if self._is_token(request) and answer.status_code == _OK:
            self.tokens_given += 1
        return answer

    def close(self) -> None:
        """Stay open: whoever made the fake ends it."""

    def answer(self, response: httpx.Response) -> None:
        """The next call is answered with this."""
        self._answers.append(lambda _request: self._dated(response))

    def throttle(self, retry_after: str | None) -> None:
        """See SourceWorld."""
        response = self._error(429)
        if retry_after is not None:
            ahead = retry_after.removeprefix("{+").removesuffix("}")
            is_date = ahead != retry_after
            now_s = self._wall_s() + self.skew_s
            value = formatdate(now_s + float(ahead), usegmt=True) if is_date else retry_after
            response.headers["retry-after"] = value
        self.answer(response)

    def fail(self, status: int) -> None:
        """See SourceWorld."""
        self.answer(self._error(status))

    def stall(self) -> None:
        """See SourceWorld."""
        self._answers.append(_never)

    def truncate(self, how: Literal["body", "connection"]) -> None:
        """See SourceWorld."""
        self._answers.append(lambda request: self._half(request, how))

    def spoil_download(self, how: Literal["cut", "stall"]) -> None:
        """See SourceWorld."""
        self._downloads.append(lambda request: self._half(request, how))

    def _half(self, request: httpx.Request, how: str) -> httpx.Response:
        answer = self._passed(request)
        body = answer.read()
        half = body[: len(body) // 2]
        headers = answer.headers.copy()
        headers.pop("content-encoding", None)
        if how == "body":
            headers["content-length"] = str(len(half))
            return httpx.Response(answer.status_code, headers=headers, stream=_Broken(half, None))
        headers["content-length"] = str(len(body))
        end = (
            httpx.ReadTimeout("nothing more came")
            if how == "stall"
            else httpx.RemoteProtocolError("peer closed connection in mid-body")
        )
        return httpx.Response(answer.status_code, headers=headers, stream=_Broken(half, end))

    def _passed(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        date = http_date(answer.headers.get("date"))
        if self.skew_s and date is not None:
            answer.headers["date"] = formatdate(date.timestamp() + self.skew_s, usegmt=True)
        return answer

    def _dated(self, response: httpx.Response) -> httpx.Response:
        response.headers["date"] = formatdate(self._wall_s() + self.skew_s, usegmt=True)
        return response


def _never(_request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer came")


class _Broken(httpx.SyncByteStream):
    def __init__(self, body: bytes, end: Exception | None) -> None:
        self._body = body
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        if self._end is not None:
            raise self._end
