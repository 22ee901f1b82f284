"""Messages of Dataverse to whom was registered for changes of rows. Pure data, sent by others.

One further attempt is made, and only for an answer of 502, 503 or 504. Nothing is promised about order, and what
is larger than 256 KB is cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, Final

from sim.clockwork.chance import Stream, guid, stream
from sim.ucaas.dynamics.lexer import Value
from sim.ucaas.dynamics.schema import Column, Schema
from sim.ucaas.dynamics.tables import Row
from sim.ucaas.surroundings import SECOND_US

SIZE_MAX: Final = 256 * 1024
TRY_AGAIN: Final = frozenset({502, 503, 504})
REGISTERED: Final[Mapping[str, tuple[str, ...]]] = {
    "msdyn_ocliveworkitem": ("_msdyn_activeagentid_value", "statuscode"),
    "msdyn_ocsession": ("_msdyn_liveworkitemid_value",),
    "msdyn_sessionparticipant": (
        "_msdyn_agentid_value",
        "_msdyn_omnichannelsession_value",
        "msdyn_mode",
    ),
    "msdyn_ocrecording": (),
}
"""Tables whose changes are told, and the columns of the post image registered with them."""
_CUT: Final = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
_CONTRACTS: Final = "http://schemas.microsoft.com/xrm/2011/Contracts"


@dataclass(frozen=True, slots=True)
class Manner:
    """How messages travel: most once and soon, some late, twice or never."""

    delay_s: tuple[float, float] = (0.1, 0.6)
    late: float = 0.0
    """Share that comes up to `late_s` later."""
    late_s: float = 20.0
    repeated: float = 0.0
    """Share that comes twice."""
    lost: float = 0.0
    """Share that never comes."""
    images: bool = True
    """Whether post images were registered."""
    size_max: int = SIZE_MAX


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service endpoint: addresses, and the secret in one of its three places."""

    urls: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: str = field(default="", repr=False)
    spread: bool = False
    """Each message to one address, as a load balancer would; else to every one."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post that is due at `at_us` (real clock). `number` rises in the order of being due."""

    number: int
    at_us: int
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    attempt: int = 1


@dataclass(order=True, slots=True)
class _Coming:
    at_us: int
    number: int
    post: Delivery = field(compare=False)


class Outbox:
    """What is to be posted, and what was. Not thread-safe: the service locks."""

    def __init__(self, *, seed: int, host: str, endpoint: Endpoint | None, manner: Manner) -> None:
        self._host = host
        self._endpoint = endpoint
        self._manner = manner
        self._chance: Stream = stream(seed, "dataverse hooks")
        self._coming: list[_Coming] = []
        self._sent: list[Delivery] = []
        self._number = 0

    def changed(
        self, schema: Schema, row: Row, values: Mapping[str, Value], *, is_new: bool, now_us: int
    ) -> None:
        """A row was made or changed."""
        image = REGISTERED.get(schema.logical)
        if self._endpoint is None or image is None:
            return
        columns = {name: row[name] for name in image} if self._manner.images else {}
        context = _context(schema, row, values, columns, is_new=is_new, chance=self._chance)
        body, headers = self._written(schema, context)
        urls = self._endpoint.urls
        if self._endpoint.spread and urls:
            urls = (self._chance.choice(urls),)
        for url in urls:
            self._post(f"{url}{self._endpoint.query}", headers, body, now_us)

    def _written(
        self, schema: Schema, context: dict[str, Any]
    ) -> tuple[bytes, tuple[tuple[str, str], ...]]:
        headers = (
            ("Content-Type", "application/json"),
            ("x-ms-dynamics-organization", self._host),
            ("x-ms-dynamics-entity-name", schema.logical),
            ("x-ms-dynamics-request-name", context["MessageName"]),
            ("x-ms-correlation-request-id", context["CorrelationId"]),
        )
        body = _text(context)
        if len(body) > self._manner.size_max:
            body = _text({name: part for name, part in context.items() if name not in _CUT})
            headers += (("x-ms-dynamics-msg-size-exceeded", "True"),)
        return body, headers

    def _post(
        self, url: str, headers: tuple[tuple[str, str], ...], body: bytes, now_us: int
    ) -> None:
        assert self._endpoint is not None
        chance, manner = self._chance, self._manner
        if chance.random() < manner.lost:
            return
        for _ in range(2 if chance.random() < manner.repeated else 1):
            due_us = now_us + int(chance.uniform(*manner.delay_s) * SECOND_US)
            if chance.random() < manner.late:
                due_us += int(chance.uniform(0, manner.late_s) * SECOND_US)
            all_headers = (*headers, *self._endpoint.headers)
            self._add(Delivery(0, due_us, "POST", url, all_headers, body))

    def _add(self, post: Delivery) -> None:
        self._number += 1
        heappush(self._coming, _Coming(post.at_us, self._number, post))

    def advance(self, now_us: int) -> None:
        """What is due by now becomes a delivery."""
        while self._coming and self._coming[0].at_us <= now_us:
            post = heappop(self._coming).post
            self._sent.append(replace(post, number=len(self._sent) + 1))

    def deliveries(self, after: int) -> tuple[Delivery, ...]:
        """Those with a number above `after`, in the order in which they were due."""
        return tuple(self._sent[max(after, 0) :])

    def report(self, number: int, status: int, now_us: int) -> None:
        """How a delivery was answered; 0 for not at all."""
        post = self._sent[number - 1]
        if status in TRY_AGAIN and post.attempt == 1:
            self._add(replace(post, at_us=now_us + SECOND_US, attempt=2))

    def pending(self) -> int:
        """Posts that are yet to become due."""
        return len(self._coming)


def body_of(
    schema: Schema,
    row: Row,
    values: Mapping[str, Value],
    image: Mapping[str, Value],
    *,
    is_new: bool,
    chance: Stream,
) -> bytes:
    """The body of the message that tells of a row which was made, or changed to `values`."""
    return _text(_context(schema, row, values, image, is_new=is_new, chance=chance))


def _context(
    schema: Schema,
    row: Row,
    values: Mapping[str, Value],
    image: Mapping[str, Value],
    *,
    is_new: bool,
    chance: Stream,
) -> dict[str, Any]:
    """A RemoteExecutionContext, as the service serialises it."""
    key = str(row[schema.key])
    changed: dict[str, Value] = {name: values[name] for name in values if name in schema.columns}
    if is_new:
        changed = {name: value for name, value in changed.items() if value is not None}
        changed["createdon"] = row["createdon"]
    changed |= {schema.key: key, "modifiedon": row["modifiedon"]}
    images = [{"key": "AsynchronousStepPrimaryName", "value": _entity(schema, key, image)}]
    return {
        "BusinessUnitId": guid(chance),
        "CorrelationId": guid(chance),
        "Depth": 1,
        "InitiatingUserId": guid(chance),
        "InputParameters": [{"key": "Target", "value": _entity(schema, key, changed)}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": "Create" if is_new else "Update",
        "Mode": 1,
        "OperationCreatedOn": _date(row["modifiedon"]),
        "OperationId": guid(chance),
        "OrganizationId": guid(chance),
        "OrganizationName": "contoso",
        "OutputParameters": [],
        "OwningExtension": None,
        "ParentContext": None,
        "PostEntityImages": images if image else [],
        "PreEntityImages": [],
        "PrimaryEntityId": key,
        "PrimaryEntityName": schema.logical,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": guid(chance),
    }


def _entity(schema: Schema, key: str, columns: Mapping[str, Value]) -> dict[str, Any]:
    return {
        "__type": f"Entity:{_CONTRACTS}",
        "Attributes": [
            {"key": _plain_name(name), "value": _wire(schema.columns[name], value)}
            for name, value in columns.items()
        ],
        "EntityState": None,
        "FormattedValues": [],
        "Id": key,
        "KeyAttributes": [],
        "LogicalName": schema.logical,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _plain_name(column: str) -> str:
    return column.removeprefix("_").removesuffix("_value") if column.startswith("_") else column


def _wire(column: Column, value: Value) -> object:
    if value is None:
        return None
    match column.kind:
        case "datetime":
            return _date(value)
        case "choice":
            return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": value}
        case "lookup":
            return {
                "__type": f"EntityReference:{_CONTRACTS}",
                "Id": value,
                "KeyAttributes": [],
                "LogicalName": column.target,
                "Name": None,
                "RowVersion": None,
            }
        case _:
            return value


def _date(value: Value) -> str:
    return f"/Date({int(str(value)) // 1000}+0000)/"


def _text(context: Mapping[str, Any]) -> bytes:
    """JSON with escaped slashes, as the service writes them."""
    return json.dumps(context).replace("/", "\\/").encode()
