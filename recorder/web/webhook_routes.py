"""Where services send messages by themselves. The signature is the authentication; there is no token.

Of recordings a message is only ever a hint: the source checks the signature and says whether to poll early.
What it says of agents is on this node's disk before it is answered. Nothing here waits for a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from recorder.desk.control import NodeControl
from recorder.errors import RecorderError
from recorder.web.refusals import documented, error_body, refuse
from recorder.web.webhook_tally import NO_SOURCE, Result, WebhookTally
from recorder.webhooks import Hearing, WebhookAnswer, WebhookRequest

BODY_WITHIN_S = 10.0
_ERROR = 400
_NOT_OURS = frozenset({401, 403, 404})
_RESULTS = {401: Result.REFUSED, 403: Result.NO_SECRET, 404: Result.NO_SECRET}
_WORDS = {
    Result.REFUSED: "The signature of this message is missing or wrong.",
    Result.NO_SECRET: "This source takes no messages.",
    Result.FAILED: "This message cannot be judged now.",
}


def webhook_router(control: NodeControl, tally: WebhookTally) -> APIRouter:
    """Routes for services."""
    router = APIRouter(
        prefix="/api/recording/cti/v1",
        tags=["webhooks"],
        responses=documented(400, 401, 403, 404, 408, 413, 422, 503),
    )

    @router.post("/{adapter}")
    async def hear(adapter: str, request: Request) -> Response:
        """A message for the source of this kind; for several, for the one whose secret fits."""
        return await _heard(control, tally, adapter, None, request)

    @router.post("/{adapter}/{source}")
    async def hear_one(adapter: str, source: str, request: Request) -> Response:
        """A message for this source."""
        return await _heard(control, tally, adapter, source, request)

    return router


async def _heard(
    control: NodeControl, tally: WebhookTally, adapter: str, source: str | None, request: Request
) -> Response:
    hearing = control.hearing(adapter, source)
    if not hearing:
        tally.note(NO_SOURCE, Result.UNKNOWN)
        refuse(404, "No source hears here.", "The address ends in the name of an adapter.")
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            body = await request.body()
    except TimeoutError:
        tally.note(hearing[0][0], Result.FAILED, "the body did not come in time")
        refuse(408, "The body did not come in time.")
    except ClientDisconnect:
        tally.note(hearing[0][0], Result.FAILED, "the sender went away before its body was whole")
        refuse(400, "The body is not whole.")
    message = WebhookRequest(dict(request.headers), body, dict(request.query_params))
    name, answer, problem = await run_in_threadpool(_judge, hearing, message)
    if answer.ask_states:
        control.ask_states(name)
    if answer.agent_events and not await run_in_threadpool(
        control.agent_events, answer.agent_events
    ):
        # It is in hand all the same; a service that sends it again does no harm.
        answer, problem = WebhookAnswer(503), "neither disk nor Data Center took it in time"
    result = _result(answer)
    tally.note(name, result, problem)
    if result is Result.HINT:
        control.poll_now(name)
    if answer.status >= _ERROR and not answer.body:
        return JSONResponse(error_body(_WORDS[result], ""), answer.status)
    return Response(answer.body, answer.status, media_type=answer.media_type)


def _result(answer: WebhookAnswer) -> Result:
    if answer.status < _ERROR:
        if answer.poll_now:
            return Result.HINT
        is_heard = answer.agent_events or answer.ask_states
        return Result.AGENT if is_heard else Result.ANSWERED
    return _RESULTS.get(answer.status, Result.FAILED)


def _judge(
    hearing: Sequence[tuple[str, Hearing]], message: WebhookRequest
) -> tuple[str, WebhookAnswer, str]:
    """The source whose message it is, its answer, and what went wrong; the first one when it is nobody's."""
    failed: list[tuple[str, WebhookAnswer, str]] = []
    refused: list[tuple[str, WebhookAnswer, str]] = []
    for name, source in hearing:
        answer, problem = _ask(source, message)
        if answer.status < _ERROR:
            return name, answer, problem
        (refused if answer.status in _NOT_OURS else failed).append((name, answer, problem))
    return (failed or sorted(refused, key=lambda verdict: verdict[1].status))[0]


def _ask(source: Hearing, message: WebhookRequest) -> tuple[WebhookAnswer, str]:
    try:
        return source.hear(message), ""
    except RecorderError as error:
        return WebhookAnswer(503), f"{error}. {error.hint}"
    except Exception as error:  # noqa: BLE001 - a stranger's adapter may do anything
        return WebhookAnswer(500), f"the adapter failed: {type(error).__name__}"
