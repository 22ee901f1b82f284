"""The fake Zoom account as one handler, for memory and for a real port alike.

Paths alone decide who answers, so that tokens, archive and files may share one port:
`/oauth/token`, `/v2/…`, `/rec/archive/…`, `<files path>/archive/…`, `/_elsewhere/…`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from sim.clockwork.chance import stream
from sim.ucaas.base import BaseFake, Route
from sim.ucaas.fake import OnArrival
from sim.ucaas.faults import Fault, FaultKind, FaultSet, Subject
from sim.ucaas.http import Content, Request, Response
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.trouble import SPOILING, sign_in_page
from sim.ucaas.zoom.address import Address, read_address
from sim.ucaas.zoom.archive import ArchivedFile, Attachment, Meeting
from sim.ucaas.zoom.downloads import Signer, Way, bytes_of, denied
from sim.ucaas.zoom.environment import Environment
from sim.ucaas.zoom.errors import (
    Refusal,
    answer_json,
    bad_field,
    no_file,
    no_meeting,
    no_page,
    nothing_here,
)
from sim.ucaas.zoom.listing import Listing, is_check, read, statistics
from sim.ucaas.zoom.manners import FILE, ZOOM
from sim.ucaas.zoom.oauth import Authority, ClientApp, Shape
from sim.ucaas.zoom.quota import Quota
from sim.ucaas.zoom.render import meeting_json
from sim.ucaas.zoom.scripts import MeetingScript, Placed
from sim.ucaas.zoom.spoil import instead
from sim.ucaas.zoom.webhooks import Delivery, Outbox, Subscription
from sim.ucaas.zoom.world import World

ACCOUNT = "acmeAccountId42"


class FakeZoom(BaseFake[Environment, MeetingScript]):
    """Thread-safe. `now_us` is the real clock the world lives by; `skew_us` sets the service's off it."""

    def __init__(
        self,
        *,
        now_us: Callable[[], int],
        monotonic_ns: Callable[[], int],
        clients: Iterable[ClientApp],
        seed: int = 1,
        source: str = "zoom",
        account: str = ACCOUNT,
        api_url: str = "https://api.zoom.us",
        web_url: str = "https://us02web.zoom.us",
        files_url: str = "https://ssrweb.zoom.us",
        elsewhere_url: str = "https://elsewhere.invalid",
        skew_us: int = 0,
        way: Way = "signed",
        link_life_s: float = 3600.0,
        ranges: bool = True,
        sign_in: bool = False,
        lists_processing: bool = True,
        retention_days: float | None = 30.0,
        refused_status: int = 400,
        oauth_errors: Shape = "words",
        per_second: Mapping[str, int] | None = None,
        subscriptions: tuple[Subscription, ...] = (),
        on_arrival: OnArrival = lambda _subject, _first_page: None,
    ) -> None:
        """Options are variants of the real service that sources tell differently or not at all.

        `way`: how a download gets to its bytes. `sign_in`: one without a good token is answered with a
        page and 200 instead of 401. `lists_processing`: a listing by completeness shows meetings that are
        not complete, as of when they appeared. `refused_status`, `oauth_errors`: how a wrong client is
        told so. `per_second`: rate limits by label, none by default.
        """
        env = Environment(
            source=source,
            seed=seed,
            skew_us=skew_us,
            web_url=web_url,
            lists_processing=lists_processing,
            retention_days=retention_days,
            outbox=Outbox(seed=seed, subscriptions=subscriptions),
            faults=FaultSet(ZOOM),
        )
        self._world = World(env, account)
        super().__init__(
            env=env,
            timetable=self._world,
            now_us=now_us,
            monotonic_ns=monotonic_ns,
            on_arrival=on_arrival,
        )
        self._files_path = urlsplit(files_url).path
        self._elsewhere = f"{elsewhere_url}/_elsewhere/file.m4a"
        self._way: Way = way
        self._link_life_us = int(link_life_s * SECOND_US)
        self._ranges = ranges
        self._sign_in = sign_in
        self._quota = Quota(per_second)
        self._tracking = stream(seed, "tracking")
        self._signer = Signer(files_url=files_url, seed=seed)
        self._listing = Listing(env)
        self._authority = Authority(
            account=account,
            api_url=api_url,
            clients=clients,
            seed=seed,
            refused_status=refused_status,
            shape=oauth_errors,
        )

    # -- the door ----

    def _answered(self, route: Route, struck: Sequence[Fault], now_us: int) -> Response:
        subject = route.subject
        if any(fault.kind is FaultKind.DELETED_BEFORE_DOWNLOAD for fault in struck):
            self._delete(subject.item, now_us)
        try:
            response = instead(
                struck,
                subject,
                self._env.service_us(now_us),
                self._elsewhere,
                signed=self._way == "signed",
            )
            response = response or route.answer(struck)
        except Refusal as refused:
            response = refused.response()
        tracking = (
            "x-zm-trackingid",
            f"v=2.0;clid=us02;rid=WEB_{self._tracking.getrandbits(128):032x}",
        )
        return replace(response, headers=(*response.headers, tracking))

    def _revoke(self, client: str) -> None:
        self._authority.revoke(client)

    def _delete(self, key: str, now_us: int) -> bool:
        meeting = self._env.archive.holding(key)
        if meeting is None:
            return False
        self._env.delete(meeting, now_us)
        return True

    def _route(self, request: Request, service_us: int) -> Route:
        address = read_address(request.path, self._files_path)
        match address.kind:
            case "token":
                return self._token_route(request, service_us)
            case "download" | "stored":
                return self._file_route(request, address, service_us)
            case "stray":
                return Route(Subject("stray"), lambda _: self._stray(request))
            case "nothing":
                return Route(Subject("nothing"), lambda _: nothing_here().response())
            case _:
                return self._api_route(request, address, service_us)

    def _token_route(self, request: Request, service_us: int) -> Route:
        def answer(struck: Sequence[Fault]) -> Response:
            wrong = any(fault.kind is FaultKind.SECRET_WRONG for fault in struck)
            return self._authority.token(request, service_us, wrong_secret=wrong)

        return Route(Subject("token", Authority.client_named(request)), answer)

    # -- the API ----

    def _api_route(self, request: Request, address: Address, service_us: int) -> Route:
        names = {
            ("list", "GET"): ("list", "list"),
            ("statistics", "GET"): ("statistics", "statistics"),
            ("meeting", "GET"): ("row", "row"),
            ("meeting", "DELETE"): ("change", "delete"),
            ("update", "PATCH"): ("change", "update"),
        }
        kind, need = names.get((address.kind, request.method), ("nothing", ""))
        given = dict(request.parameters())
        subject = Subject(kind, self._authority.owner(request))

        def answer(struck: Sequence[Fault]) -> Response:
            if not need:
                raise Refusal(405, 2300, f"{request.method} is not supported.")
            self._authority.admit(request, service_us, need)
            limited = self._quota.spend(kind, service_us)
            if limited is not None:
                raise limited
            return self._api(request, need, address.key, service_us, struck)

        first = not given.get("next_page_token")
        return Route(subject, answer, first, is_poll=not is_check(given, service_us))

    def _api(
        self, request: Request, need: str, key: str, service_us: int, struck: Sequence[Fault]
    ) -> Response:
        match need:
            case "list":
                return self._list(request, service_us, struck)
            case "statistics":
                given = dict(request.parameters())
                query = read({n: v for n, v in given.items() if n in {"from", "to"}}, service_us)
                found = [one for _, one in self._listing.rows(query)]
                told = {"from": query.begin, "to": query.end}
                return answer_json(200, told | statistics(found))
            case "update":
                return self._update(request, key)
            case "row":
                return answer_json(200, self._meeting_json(self._meeting(key), struck))
            case _:
                self._env.delete(self._meeting(key), self._now_us())
                return Response(204)

    def _list(self, request: Request, service_us: int, struck: Sequence[Fault]) -> Response:
        kinds = {fault.kind for fault in struck}
        given = dict(request.parameters())
        if given.get("next_page_token"):
            for fault in struck:
                if fault.kind is FaultKind.PAGE_EXPIRED:
                    raise no_page(int(fault.number("status", 400)))
        page = self._listing.page(given, service_us, empty=FaultKind.EMPTY_PAGE in kinds)
        if kinds.isdisjoint(SPOILING):
            for key in (key for one in page.meetings for key in one.keys):
                self._env.truth.listed(self._env.source, key, service_us)
        repeats = 2 if FaultKind.REPEAT_ROWS in kinds else 1
        rows = [self._meeting_json(one, struck) for one in page.meetings for _ in range(repeats)]
        return answer_json(200, page.head() | {"meetings": rows})

    def _meeting(self, uuid: str) -> Meeting:
        meeting = self._env.archive.get(uuid)
        if meeting is None:
            raise no_meeting(uuid)
        return meeting

    def _meeting_json(self, meeting: Meeting, struck: Sequence[Fault]) -> dict[str, Any]:
        off = sum(int(f.number("by", 1000)) for f in struck if f.kind is FaultKind.WRONG_SIZE)
        return meeting_json(
            meeting, self._env.web_url, lambda size: max(1, size + off) if off else size
        )

    def _update(self, request: Request, key: str) -> Response:
        file = self._env.archive.file(key)
        if file is None:
            raise no_file()
        try:
            body: object = json.loads(request.body)
        except ValueError:
            body = None
        wanted = cast("dict[str, object]", body).get("auto_delete") if isinstance(body, dict) else 0
        if not isinstance(wanted, bool):
            raise bad_field("auto_delete", "Invalid field.")
        file.auto_delete = wanted
        return Response(204)

    # -- files ----

    def _file_route(self, request: Request, address: Address, service_us: int) -> Route:
        """The first hop, or the second; the one that is answered with bytes is the request `file`."""
        found = self._env.archive.behind(address.key)
        item = "" if found is None else found[1].key
        stored = address.kind == "stored"
        is_last = stored or self._way == "direct"
        link = self._signer.follow(request, address.key) if stored else None
        client = link.client if link else self._authority.owner(request)

        def answer(_: Sequence[Fault]) -> Response:
            if not stored or self._way == "bearer":
                client = self._bearer(request, service_us)
                if client is None:
                    return sign_in_page()
            elif "authorization" in request.headers:
                self._env.statistics.leak()
                return denied(400, "InvalidArgument", "Only one auth mechanism allowed")
            elif link is None or service_us >= link.expires_us:
                return denied(403, "AccessDenied", "Access denied")
            still = self._env.archive.behind(address.key)
            if still is None or not _is_there(still[1]):
                return denied(404, "NoSuchKey", "No such file") if stored else no_file().response()
            if is_last:
                return bytes_of(request, still[1].body, ranges=self._ranges)
            return self._onward(request, address.key, service_us)

        return Route(Subject(FILE if is_last else "download", client, item), answer)

    def _bearer(self, request: Request, service_us: int) -> str | None:
        """Whose token comes with a download; None to show a page instead. Raises Refusal (401)."""
        try:
            return self._authority.admit(request, service_us, None)
        except Refusal:
            if self._sign_in:
                return None
            raise

    def _onward(self, request: Request, token: str, service_us: int) -> Response:
        if self._way == "bearer":
            return Response(302, (("Location", self._signer.plain(token)),))
        owner = self._authority.owner(request)
        link = self._signer.signed(token, owner, service_us + self._link_life_us)
        return Response(302, (("Location", link),))

    def _stray(self, request: Request) -> Response:
        credentials = "authorization" in request.headers
        self._env.statistics.stray(request.host, with_credentials=credentials)
        return Response(
            200, (("Content-Type", "audio/mp4"),), Content((b"\0\0\0\x18ftypM4A elsewhere",))
        )

    # -- the world ----

    def place(self, scripts: Iterable[MeetingScript]) -> tuple[Placed, ...]:
        """Put meetings into the world."""
        with self._lock:
            return tuple(self._world.place(script) for script in scripts)

    def register(self, client: ClientApp) -> None:
        """Add or change an app."""
        with self._lock:
            self._authority.register(client)

    def deliveries(self, after: int = 0) -> tuple[Delivery, ...]:
        """Webhook posts that are due, with a number above `after`; somebody else sends them."""
        with self._lock:
            now_us = self._now_us()
            self._world.advance(now_us)
            self._env.outbox.advance(now_us, self._env.service_us(now_us) - now_us)
            return self._env.outbox.deliveries(after)

    def report_delivery(self, number: int, status: int) -> None:
        """How a post was answered; 0 for not at all within 3 seconds. It may be tried again."""
        with self._lock:
            self._env.outbox.report(number, status)

    def validate_webhooks(self) -> None:
        """Ask every end point to prove that it knows its secret: a post that is due now."""
        with self._lock:
            now_us = self._now_us()
            self._env.outbox.validate(now_us=now_us, service_us=self._env.service_us(now_us))


def _is_there(one: ArchivedFile | Attachment) -> bool:
    """Whether there are bytes to be had; a file on the account's own premises is never here."""
    if isinstance(one, Attachment):
        return True
    return one.status == "completed" and not one.script.on_premises
