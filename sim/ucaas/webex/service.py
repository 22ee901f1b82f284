"""The fake Webex organisation as one handler, for memory and for a real port alike.

Paths decide who answers, so that tokens, recordings, call history and files may share one port; hosts
matter only where the call history is asked for in another region.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from sim.clockwork.chance import guid, stream
from sim.ucaas.base import BaseFake, Route
from sim.ucaas.fake import OnArrival
from sim.ucaas.faults import Fault, FaultKind, FaultSet, Subject
from sim.ucaas.http import Content, Request, Response
from sim.ucaas.webex.ask import Ask
from sim.ucaas.webex.center import Center, Subscription
from sim.ucaas.webex.downloads import download
from sim.ucaas.webex.environment import Environment
from sim.ucaas.webex.errors import Refusal, answer_json, not_found, refused
from sim.ucaas.webex.files import DOWNLOAD_PATH, FileStore
from sim.ucaas.webex.history_desk import HistoryDesk
from sim.ucaas.webex.hook_desk import HookDesk
from sim.ucaas.webex.hooks import Delivery, Hooks, Manner
from sim.ucaas.webex.life import delete
from sim.ucaas.webex.manners import WEBEX
from sim.ucaas.webex.oauth import Authority, ClientApp
from sim.ucaas.webex.people import public_id
from sim.ucaas.webex.recordings import BULK, Recordings
from sim.ucaas.webex.scripts import CallScript, Placed
from sim.ucaas.webex.shelf import plain_key
from sim.ucaas.webex.spoil import refusal
from sim.ucaas.webex.world import World

_PATHS: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = tuple(
    (re.compile(f"/v1/{pattern}"), methods)
    for pattern, methods in (
        (r"(?:admin/)?convergedRecordings", {"GET": "list"}),
        (rf"convergedRecordings/(?:{'|'.join(BULK)})", {"POST": "change"}),
        (r"convergedRecordings/(?P<key>[^/]+)", {"GET": "row", "DELETE": "change"}),
        (r"convergedRecordings/(?P<key>[^/]+)/metadata", {"GET": "metadata"}),
        (r"cdr_(?:feed|stream)", {"GET": "history"}),
        (r"webhooks(?:/[^/]+)?", {"*": "webhooks"}),
        (r"people/me", {"GET": "me"}),
        (r"agents/activities", {"GET": "activities"}),
        (r"applications/[^/]+/token", {"POST": "app_token"}),
    )
)


class FakeWebex(BaseFake[Environment, CallScript]):
    """Thread-safe. `now_us` is the real clock the world lives by; `skew_us` sets the service's off it."""

    def __init__(
        self,
        *,
        now_us: Callable[[], int],
        monotonic_ns: Callable[[], int],
        clients: Iterable[ClientApp],
        seed: int = 1,
        source: str = "webex",
        api_url: str = "https://webexapis.com",
        history_url: str = "https://analytics-calling.webexapis.com",
        files_url: str = "https://nsq1wss.dmz.webex.com",
        elsewhere_url: str = "https://elsewhere.invalid",
        skew_us: int = 0,
        dashed_ids: bool = True,
        expired_status: int = 403,
        rotate_refresh_tokens: bool = False,
        history_page_cap: int = 5000,
        history_pace: bool = True,
        hook_manner: Manner | None = None,
        live_calls: bool = False,
        contact_center: tuple[Subscription, ...] | None = None,
        on_arrival: OnArrival = lambda _subject, _first_page: None,
    ) -> None:
        """Options are variants of the real service that sources tell differently.

        `dashed_ids`: ids of recordings and sessions come with dashes. `expired_status`: of a download
        whose link ran out. `history_page_cap`: fewer records a page than are asked for. `history_pace`:
        too frequent questions for call history are refused.
        """
        org = guid(stream(seed, "organisation"))
        env = Environment(
            source=source,
            seed=seed,
            skew_us=skew_us,
            org=org,
            files=FileStore(files_url=files_url, org=org, seed=seed),
            center=Center(org=org, seed=seed, subscriptions=contact_center),
            hooks=Hooks(org=org, seed=seed, manner=hook_manner or Manner()),
            tracking=stream(seed, "tracking"),
            faults=FaultSet(WEBEX),
        )
        self._world = World(env)
        self._world.live = live_calls
        super().__init__(
            env=env,
            timetable=self._world,
            now_us=now_us,
            monotonic_ns=monotonic_ns,
            on_arrival=on_arrival,
        )
        self._files_path = urlsplit(files_url).path + DOWNLOAD_PATH
        self._elsewhere = f"{elsewhere_url}/_elsewhere/recording.mp3"
        self._expired_status = expired_status
        self._authority = Authority(
            org=org,
            clients=clients,
            seed=seed,
            now_us=env.service_us(now_us()),
            rotate=rotate_refresh_tokens,
        )
        recordings = Recordings(
            env=env, authority=self._authority, api_url=api_url, dashed_ids=dashed_ids
        )
        history = HistoryDesk(
            env=env, url=history_url, page_cap=history_page_cap, paced=history_pace
        )
        self._desks = self._all_desks(recordings, history)

    def _all_desks(
        self, recordings: Recordings, history: HistoryDesk
    ) -> Mapping[str, Callable[[Ask], Response]]:
        """Who answers which kind of request."""
        hooks = HookDesk(hooks=self._env.hooks, authority=self._authority)
        return {
            "list": recordings.listing,
            "row": recordings.details,
            "metadata": recordings.metadata,
            "change": recordings.change,
            "history": history.answer,
            "activities": self._env.center.answer,
            "webhooks": hooks.answer,
            "me": self._me,
            "app_token": self._app_token,
            "method": _wrong_method,
        }

    # -- the door ----

    def _answered(self, route: Route, struck: Sequence[Fault], now_us: int) -> Response:
        subject = route.subject
        for fault in struck:
            if fault.kind is FaultKind.DELETED_BEFORE_DOWNLOAD:
                self._delete(subject.item, now_us)
            elif fault.kind is FaultKind.CHANGED_BEFORE_DOWNLOAD:
                self._world.change(subject.item, fault.text("how", "reassign"), now_us)
        try:
            instead = refusal(struck, subject, self._env.service_us(now_us), self._elsewhere)
            if isinstance(instead, Refusal):
                raise instead
            response = route.answer(struck) if instead is None else instead
        except Refusal as error:
            return refused(error, self._env.tracking_id())
        return replace(
            response, headers=(*response.headers, ("trackingId", self._env.tracking_id()))
        )

    def _revoke(self, client: str) -> None:
        self._authority.revoke(client)

    def _delete(self, key: str, now_us: int) -> bool:
        row = self._env.shelf.get(key)
        if row is None:
            return False
        delete(self._env, row, now_us)
        return True

    def _route(self, request: Request, service_us: int) -> Route:
        path = request.path
        if path.startswith("/_elsewhere/"):
            return Route(Subject("stray"), lambda _: self._stray(request))
        if path == self._files_path:
            return self._files_route(request, service_us)
        if path == "/v1/access_token":
            client = Authority.client_named(request)
            return Route(
                Subject("token", client), lambda struck: self._token(request, service_us, struck)
            )
        if path == "/v1/authorize":
            answer = self._authority.authorize
            return Route(Subject("authorize"), lambda _: answer(request, service_us))
        return self._api_route(request, service_us)

    def _api_route(self, request: Request, service_us: int) -> Route:
        kind, item = _kind_of(request)
        subject = Subject(kind, self._authority.holder(request), item)
        first = "offset=" not in request.query and "startTimeForNextFetch=" not in request.query

        def answer(struck: Sequence[Fault]) -> Response:
            client = self._authority.client_of(request, service_us)
            ask = Ask(request, client, self._now_us(), service_us, struck)
            if kind not in self._desks:
                raise not_found("The resource")
            return self._desks[kind](ask)

        # A check of the credentials asks for no period.
        return Route(subject, answer, first, is_poll=not first or "from=" in request.query)

    def _token(self, request: Request, service_us: int, struck: Sequence[Fault]) -> Response:
        kinds = {fault.kind for fault in struck}
        return self._authority.token(
            request,
            service_us,
            wrong_secret=FaultKind.SECRET_WRONG in kinds,
            grant_expired=FaultKind.GRANT_EXPIRED in kinds,
        )

    def _app_token(self, ask: Ask) -> Response:
        return self._authority.app_token(ask.request, ask.service_us)

    def _me(self, ask: Ask) -> Response:
        person = self._authority.person_of(ask.client)
        shown = {
            "id": person.person_id,
            "emails": [person.email],
            "displayName": person.name,
            "orgId": public_id("ORGANIZATION", self._env.org),
            "type": "person",
        }
        return answer_json(200, shown)

    def _files_route(self, request: Request, service_us: int) -> Route:
        ticket = self._env.files.follow(dict(request.parameters()))
        subject = Subject("blob", ticket.client if ticket else "", ticket.item if ticket else "")
        status = self._expired_status
        return Route(
            subject,
            lambda _: download(request, ticket, self._env, service_us, expired_status=status),
        )

    def _stray(self, request: Request) -> Response:
        credentials = "authorization" in request.headers
        self._env.statistics.stray(request.host, with_credentials=credentials)
        return Response(200, (("Content-Type", "audio/mpeg"),), Content((b"\xff\xf3elsewhere",)))

    # -- the world ----

    def place(self, scripts: Iterable[CallScript]) -> tuple[Placed, ...]:
        """Put calls into the world."""
        with self._lock:
            return tuple(self._world.place(script) for script in scripts)

    def register(self, client: ClientApp) -> None:
        """Add or change an app; its refresh token begins a new life."""
        with self._lock:
            self._authority.register(client, self._env.service_us(self._now_us()))

    def deliveries(self, after: int = 0) -> tuple[Delivery, ...]:
        """Webhook posts that are due, with a number above `after`; somebody else sends them."""
        with self._lock:
            self._world.advance(self._now_us())
            return self._env.hooks.deliveries(after)

    def report_delivery(self, number: int, status: int) -> None:
        """How a post was answered; 0 for not at all. A webhook that fails too often becomes inactive."""
        with self._lock:
            self._env.hooks.report(number, status, self._now_us())


def _wrong_method(ask: Ask) -> Response:
    raise Refusal(405, f"The method {ask.request.method} is not supported.")


def _kind_of(request: Request) -> tuple[str, str]:
    """What is asked of the API, and of which recording."""
    for pattern, methods in _PATHS:
        found = pattern.fullmatch(request.path)
        if found is not None:
            kind = methods.get(request.method, methods.get("*", "method"))
            return kind, plain_key(found.groupdict().get("key", ""))
    return "nothing", ""
