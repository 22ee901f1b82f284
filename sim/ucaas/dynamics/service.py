"""The fake Dynamics environment as one handler, for memory and for a real port alike.

Paths alone decide who answers, so that authority, organisation and files may share one port:
`/<tenant>/oauth2/v2.0/token`, `/api/data/v9.x/…`, `<blob path>/files/…`, `/_elsewhere/…`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TypeAlias
from urllib.parse import urlsplit

from sim.truth import TruthItem
from sim.ucaas.dynamics import people
from sim.ucaas.dynamics.address import Address, read_address
from sim.ucaas.dynamics.dataverse import Dataverse, Manner
from sim.ucaas.dynamics.downloads import blob, xml_error
from sim.ucaas.dynamics.entra import ClientApp, Entra
from sim.ucaas.dynamics.environment import SECOND_US, Environment
from sim.ucaas.dynamics.errors import Refusal
from sim.ucaas.dynamics.files import FileStore
from sim.ucaas.dynamics.mix import CallMix
from sim.ucaas.dynamics.quota import Quota
from sim.ucaas.dynamics.recording import delete_recording
from sim.ucaas.dynamics.scripts import CallScript, Placed
from sim.ucaas.dynamics.spoil import (
    error,
    expired_link,
    page_expired,
    refusal,
    spoil,
    throttled,
)
from sim.ucaas.dynamics.tables import Store
from sim.ucaas.dynamics.world import World
from sim.ucaas.faults import ActiveFault, Fault, FaultKind, Subject
from sim.ucaas.http import Content, Request, Response
from sim.ucaas.statistics import Poll

_ORG = re.compile(r".*/api/data/v9\.\d/(?P<rest>.*)")
_TOKEN = re.compile(r"/(?P<tenant>[^/]+)/oauth2/(?:v2\.0/)?token")
_OPENID = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration")
TENANT = "contoso.example"
OnRequest: TypeAlias = "Callable[[Subject, int], None]"
"""Takes what was asked by whom, and the status of the answer."""
_SPOILING = {
    FaultKind.CUT,
    FaultKind.DROP,
    FaultKind.EMPTY,
    FaultKind.HTML,
    FaultKind.STALL,
    FaultKind.TRUNCATE,
}


@dataclass(frozen=True, slots=True)
class _Route:
    """A request that was understood, before it is answered."""

    subject: Subject
    answer: Callable[[Sequence[Fault]], Response]
    first_page: bool = False


class FakeDynamics:
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
        on_arrival: Callable[[Subject, bool], None] = lambda _subject, _first_page: None,
    ) -> None:
        """`on_arrival(subject, first_page)` is called with every request before faults are looked up."""
        self._on_arrival = on_arrival
        self._now_us = now_us
        self._monotonic_ns = monotonic_ns
        self._lock = threading.RLock()
        self._blob_path = urlsplit(blob_url).path + "/files/"
        self._elsewhere = f"{elsewhere_url}/_elsewhere/recording.mp3"
        self._quota = Quota(request_limit)
        self._on_request: OnRequest | None = None
        self._env = Environment(
            source,
            seed,
            skew_us,
            Store(newer_schema=newer_schema),
            FileStore(blob_url=blob_url, seed=seed),
        )
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
        self._world = World(self._env)
        people.hire(self._env.store, seed, self._env.service_us(now_us()))

    # -- the door ----

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self._lock:
            now_us = self._now_us()
            self._world.advance(now_us)
            service_us = self._env.service_us(now_us)
            route = self._route(request, service_us)
            self._on_arrival(route.subject, route.first_page)
            struck = self._env.faults.strike(route.subject, now_us)
            response = self._answered(route, struck, now_us)
            response = spoil(response, struck)
            self._count(route, response, now_us)
            date = ("Date", formatdate(service_us / SECOND_US, usegmt=True))
            return replace(response, headers=(*response.headers, date))

    def _answered(self, route: _Route, struck: Sequence[Fault], now_us: int) -> Response:
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
            return route.answer(struck)
        except Refusal as refused:
            return error(refused.status, refused.code, refused.message, refused.headers)

    def _count(self, route: _Route, response: Response, now_us: int) -> None:
        subject, counted = route.subject, self._env.statistics
        if self._on_request is not None:
            self._on_request(subject, response.status)
        counted.count(subject.client, subject.request, response.status, response.content.size_bytes)
        if subject.request == "list":
            counted.poll(
                subject.client,
                monotonic_ns=self._monotonic_ns(),
                wall_us=now_us,
                first_page=route.first_page,
                status=0 if response.trouble.drop else response.status,
            )

    def _route(self, request: Request, service_us: int) -> _Route:
        path = request.path
        if path.startswith("/_elsewhere/"):
            return _Route(Subject("stray"), lambda _: self._stray(request))
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
            return _Route(
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
            return _Route(Subject("openid"), lambda _: self._entra.openid(tenant))
        return _Route(Subject("nothing"), lambda _: error(404, "", "There is nothing here."))

    def _org_route(self, request: Request, address: Address, service_us: int) -> _Route:
        item = self._dataverse.item_of(request, address)
        subject = Subject(address.kind, self._entra.owner(request), item)
        first = "skiptoken" not in request.query
        return _Route(
            subject, lambda struck: self._org(request, address, service_us, struck), first
        )

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
        manner = Manner(FaultKind.REPEAT_ROWS in kinds, kinds.isdisjoint(_SPOILING))
        response = self._dataverse.answer(request, address, client, service_us, manner)
        return replace(response, headers=(*response.headers, *self._quota.headers(client)))

    def _blob_route(self, request: Request, file_id: str, service_us: int) -> _Route:
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

        return _Route(subject, answer)

    def _stray(self, request: Request) -> Response:
        credentials = "authorization" in request.headers
        self._env.statistics.stray(request.host, with_credentials=credentials)
        return Response(200, (("Content-Type", "audio/mpeg"),), Content((b"\xff\xf3elsewhere",)))

    # -- the world ----

    def place(self, scripts: Iterable[CallScript]) -> tuple[Placed, ...]:
        """Put calls into the world."""
        with self._lock:
            return tuple(self._world.place(script) for script in scripts)

    def feed(self, mix: CallMix | None, calls_per_minute: float) -> None:
        """Let calls come at random from now on; None or a rate of 0 stops."""
        with self._lock:
            self._world.feed(mix, calls_per_minute, self._now_us())

    def advance(self) -> None:
        """Let everything happen that is due now; every request does so too."""
        with self._lock:
            self._world.advance(self._now_us())

    def delete_recording(self, key: str) -> bool:
        """Delete a recording now; False when there is none."""
        with self._lock:
            return delete_recording(self._env, key, self._now_us())

    def register(self, client: ClientApp) -> None:
        """Add or change an app registration."""
        with self._lock:
            self._entra.register(client)

    # -- faults ----

    def add_fault(self, fault: Fault) -> int:
        """Switch a fault on; returns its number. Momentary ones act at once and leave no rule (0)."""
        with self._lock:
            if fault.kind is FaultKind.TOKEN_REVOKED:
                self._entra.revoke(fault.target.client)
                return 0
            return self._env.faults.add(fault)

    def remove_fault(self, number: int) -> bool:
        """Switch a fault off; False when it is over already."""
        with self._lock:
            return self._env.faults.remove(number)

    def clear_faults(self) -> int:
        """Switch all faults off; returns how many there were."""
        with self._lock:
            return self._env.faults.clear()

    def faults(self) -> tuple[ActiveFault, ...]:
        """Active faults, in the order they were added."""
        with self._lock:
            return self._env.faults.active(self._now_us())

    # -- accounts ----

    def watch(self, *, item: Callable[[TruthItem], None], request: OnRequest) -> None:
        """Tell of every item that is new or changed, and of every request as it is understood.

        Both are called in the middle of a request and must not ask anything of this service.
        """
        with self._lock:
            self._env.truth.on_change = item
            self._on_request = request

    def truth(self) -> tuple[TruthItem, ...]:
        """Every recording offered so far."""
        with self._lock:
            self._world.advance(self._now_us())
            return self._env.truth.items()

    def statistics(self) -> dict[str, object]:
        """Requests by client, kind and status; strays; leaks of credentials; things pending."""
        with self._lock:
            return self._env.statistics.as_json() | {"pending": self._world.pending()}

    def polls(self, after: int = 0) -> tuple[Poll, ...]:
        """Every listing of recordings with a number above `after`."""
        with self._lock:
            return self._env.statistics.polls(after)

    def clock(self) -> dict[str, int]:
        """The real clock, the service's own, and the system's monotonic one."""
        with self._lock:
            now_us = self._now_us()
            return {
                "now_us": now_us,
                "service_us": self._env.service_us(now_us),
                "monotonic_ns": self._monotonic_ns(),
            }

    @property
    def source(self) -> str:
        """The name under which the recorder knows this source."""
        return self._env.source
