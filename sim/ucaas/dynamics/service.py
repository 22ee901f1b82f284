"""The fake Dynamics environment as one handler, for memory and for a real port alike.

Paths alone decide who answers, so that authority, organisation and files may share one port:
`/<tenant>/oauth2/v2.0/token`, `/api/data/v9.x/…`, `<blob path>/files/…`, `/_elsewhere/…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from sim.ucaas.base import BaseFake, Route
from sim.ucaas.dynamics import people
from sim.ucaas.dynamics.address import Address, read_address
from sim.ucaas.dynamics.dataverse import Dataverse
from sim.ucaas.dynamics.dataverse import Manner as PageManner
from sim.ucaas.dynamics.downloads import blob, xml_error
from sim.ucaas.dynamics.entra import ClientApp, Entra
from sim.ucaas.dynamics.environment import Environment
from sim.ucaas.dynamics.errors import Refusal
from sim.ucaas.dynamics.files import FileStore
from sim.ucaas.dynamics.hooks import Delivery, Endpoint, Manner, Outbox
from sim.ucaas.dynamics.lexer import Value
from sim.ucaas.dynamics.quota import Quota
from sim.ucaas.dynamics.recording import delete_recording
from sim.ucaas.dynamics.schema import Schema
from sim.ucaas.dynamics.scripts import CallScript, Placed
from sim.ucaas.dynamics.spoil import (
    error,
    expired_link,
    page_expired,
    refusal,
    throttled,
    wrong_size,
)
from sim.ucaas.dynamics.tables import Row, Store
from sim.ucaas.dynamics.world import World
from sim.ucaas.fake import OnArrival
from sim.ucaas.faults import Fault, FaultKind, Subject
from sim.ucaas.http import Content, Request, Response
from sim.ucaas.trouble import SPOILING

_ORG = re.compile(r".*/api/data/v9\.\d/(?P<rest>.*)")
_TOKEN = re.compile(r"/(?P<tenant>[^/]+)/oauth2/(?:v2\.0/)?token")
_OPENID = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration")
TENANT = "contoso.example"


class FakeDynamics(BaseFake[Environment, CallScript]):
    """Thread-safe. `now_us` is the real clock the world lives by; `skew_us` sets the service's off it."""

    def __init__(
        self,
        *,
        now_us: Callable[[], int],
        monotonic_ns: Callable[[], int],
        clients: Iterable[ClientApp],
        seed: int = 1,
        source: str = "dynamics",
        tenant: str = TENANT,
        org_url: str = "https://contoso.crm.dynamics.com",
        authority_url: str = "https://login.microsoftonline.com",
        blob_url: str = "https://contosofiles.blob.core.windows.net",
        elsewhere_url: str = "https://elsewhere.invalid",
        page_cap: int = 5000,
        sas_life_s: float = 3600.0,
        skew_us: int = 0,
        newer_schema: bool = True,
        customer_managed_keys: bool = False,
        tracked_tables: frozenset[str] = frozenset({"msdyn_ocliveworkitem"}),
        request_limit: int | None = None,
        on_arrival: OnArrival = lambda _subject, _first_page: None,
        endpoint: Endpoint | None = None,
        live_calls: bool = False,
        hook_manner: Manner = Manner(),  # noqa: B008 - frozen
    ) -> None:
        """`on_arrival(subject, first_page)` is called with every request before faults are looked up."""
        env = Environment(
            source=source,
            seed=seed,
            skew_us=skew_us,
            store=Store(newer_schema=newer_schema),
            files=FileStore(blob_url=blob_url, seed=seed),
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
        self._blob_path = urlsplit(blob_url).path + "/files/"
        self._elsewhere = f"{elsewhere_url}/_elsewhere/recording.mp3"
        self._quota = Quota(request_limit)
        self._entra = Entra(
            authority_url=authority_url, org_url=org_url, tenant=tenant, clients=clients, seed=seed
        )
        self._dataverse = Dataverse(
            env=self._env,
            org_url=org_url,
            page_cap=page_cap,
            sas_life_s=sas_life_s,
            customer_managed_keys=customer_managed_keys,
            tracked=tracked_tables,
        )
        people.hire(self._env.store, seed, self._env.service_us(now_us()))
        self._outbox = Outbox(
            seed=seed, host=urlsplit(org_url).netloc, endpoint=endpoint, manner=hook_manner
        )
        if endpoint is not None:
            self._env.store.listen(self._row_changed)

    def _row_changed(
        self,
        schema: Schema,
        row: Row,
        values: Mapping[str, Value],
        is_new: bool,  # noqa: FBT001 - a callback
    ) -> None:
        at_us = self._timetable.happening_us or self._now_us()
        self._outbox.changed(schema, row, values, is_new=is_new, now_us=at_us)

    def deliveries(self, after: int = 0) -> tuple[Delivery, ...]:
        """Messages that are due, with a number above `after`; somebody else sends them."""
        with self._lock:
            now_us = self._now_us()
            self._timetable.advance(now_us)
            self._outbox.advance(now_us)
            return self._outbox.deliveries(after)

    def report_delivery(self, number: int, status: int) -> None:
        """How a message was answered; 0 for not at all. A second attempt may follow."""
        with self._lock:
            self._outbox.report(number, status, self._now_us())

    def _answered(self, route: Route, struck: Sequence[Fault], now_us: int) -> Response:
        for fault in struck:
            if fault.kind is FaultKind.DELETED_BEFORE_DOWNLOAD:
                delete_recording(self._env, route.subject.item, now_us)
            elif fault.kind is FaultKind.CHANGED_BEFORE_DOWNLOAD:
                bump = fault.text("how", "replace") == "bump"
                self._world.change(route.subject.item, now_us, bump=bump)
        refused = refusal(struck, route.subject, self._env.service_us(now_us), self._elsewhere)
        if refused is not None:
            return refused
        try:
            return wrong_size(route.answer(struck), struck)
        except Refusal as refused:
            return error(refused.status, refused.code, refused.message, refused.headers)

    def _revoke(self, client: str) -> None:
        self._entra.revoke(client)

    def _delete(self, key: str, now_us: int) -> bool:
        return delete_recording(self._env, key, now_us)

    def _route(self, request: Request, service_us: int) -> Route:
        path = request.path
        if path.startswith("/_elsewhere/"):
            return Route(Subject("stray"), lambda _: self._stray(request))
        if path.startswith(self._blob_path):
            return self._blob_route(request, path.removeprefix(self._blob_path), service_us)
        org = _ORG.fullmatch(path)
        if org is not None:
            return self._org_route(
                request, read_address(org["rest"], dict(request.parameters())), service_us
            )
        token = _TOKEN.fullmatch(path)
        if token is not None:
            client, tenant = Entra.client_named(request), token["tenant"]
            return Route(
                Subject("token", client),
                lambda struck: self._entra.token(
                    request,
                    tenant,
                    service_us,
                    wrong_secret=any(f.kind is FaultKind.SECRET_WRONG for f in struck),
                ),
            )
        openid = _OPENID.fullmatch(path)
        if openid is not None:
            tenant = openid["tenant"]
            return Route(Subject("openid"), lambda _: self._entra.openid(tenant))
        return Route(Subject("nothing"), lambda _: error(404, "", "There is nothing here."))

    def _org_route(self, request: Request, address: Address, service_us: int) -> Route:
        item = self._dataverse.item_of(request, address)
        subject = Subject(address.kind, self._entra.owner(request), item)
        first = "skiptoken" not in request.query
        return Route(subject, lambda struck: self._org(request, address, service_us, struck), first)

    def _org(
        self, request: Request, address: Address, service_us: int, struck: Sequence[Fault]
    ) -> Response:
        client = self._entra.client_of(request, service_us)
        if not self._entra.has_user(client):
            raise Refusal(403, "0x80072560", "The user is not a member of the organization.")
        wait_s = self._quota.spend(client, service_us)
        if wait_s is not None:
            return throttled("requests", "seconds", wait_s, service_us)
        kinds = {fault.kind for fault in struck}
        if FaultKind.PAGE_EXPIRED in kinds and "skiptoken" in request.query:
            raise page_expired(struck)
        manner = PageManner(FaultKind.REPEAT_ROWS in kinds, kinds.isdisjoint(SPOILING))
        response = self._dataverse.answer(request, address, client, service_us, manner)
        return replace(response, headers=(*response.headers, *self._quota.headers(client)))

    def _blob_route(self, request: Request, file_id: str, service_us: int) -> Route:
        link = self._env.files.follow(request.query, file_id)
        stored = self._env.files.get(file_id)
        subject = Subject("blob", link.client_id if link else "", stored.item_key if stored else "")

        def answer(_: Sequence[Fault]) -> Response:
            if "authorization" in request.headers:
                self._env.statistics.leak()
                message = "Authentication information is not given in the correct format."
                return xml_error(400, "InvalidAuthenticationInfo", message)
            if link is None or service_us >= link.expires_us:
                return expired_link()
            still = self._env.files.get(file_id)
            if still is None:
                return xml_error(404, "BlobNotFound", "The specified blob does not exist.")
            return blob(request, still)

        return Route(subject, answer)

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
        """Add or change an app registration."""
        with self._lock:
            self._entra.register(client)
