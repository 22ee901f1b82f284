"""The organisation's Web API: collections, rows, schema, signed links and file columns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.address import RECORDINGS, Address
from sim.ucaas.dynamics.changes import changes
from sim.ucaas.dynamics.downloads import Blocks, file_of, json_value, raw_value
from sim.ucaas.dynamics.entra import answer_json
from sim.ucaas.dynamics.environment import Environment
from sim.ucaas.dynamics.errors import Refusal, bad_query, no_resource, no_row
from sim.ucaas.dynamics.metadata import definitions
from sim.ucaas.dynamics.prefer import Preferences, preferences
from sim.ucaas.dynamics.query import COUNT_MAX, Query, Result, expanded, read_options, run
from sim.ucaas.dynamics.render import render
from sim.ucaas.dynamics.tables import Row, Table
from sim.ucaas.http import Request, Response

_JSON = "application/json; odata.metadata=minimal"
_SAS_ARGUMENT = re.compile(r"(\w+)\s*=\s*(@\w+|'[^']*')")


_NOTHING = Preferences()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a listing is given."""

    repeat: bool = False
    """Every row twice."""
    heard: bool = True
    """False when a fault will spoil it on its way: then nobody can know of its rows."""


class Dataverse:
    """Answers requests of a client that is known and allowed."""

    def __init__(
        self,
        *,
        env: Environment,
        org_url: str,
        page_cap: int,
        sas_life_s: float,
        customer_managed_keys: bool,
        tracked: frozenset[str],
    ) -> None:
        self._env = env
        self._org_url = org_url
        self._page_cap = page_cap
        self._sas_life_s = sas_life_s
        self._managed_keys = customer_managed_keys
        self._tracked = tracked
        self._blocks = Blocks(chunking=not customer_managed_keys)

    def answer(
        self, request: Request, address: Address, client_id: str, now_us: int, manner: Manner
    ) -> Response:
        """The answer to one request. Raises Refusal."""
        posts = request.method == "POST" and address.kind in {"block", "sas"}
        if request.method != "GET" and not posts:
            raise Refusal(405, "0x80060888", "The requested resource does not support this method.")
        if address.kind in {"list", "query"}:
            return self._collection(request, address, now_us, manner)
        if address.kind == "sas":
            return self._sas(request, address, client_id, now_us)
        if address.kind == "row":
            return self._row(request, address, now_us)
        return self._rarer(request, address, client_id)

    def _rarer(self, request: Request, address: Address, client_id: str) -> Response:
        match address.kind:
            case "whoami":
                return self._who_am_i(client_id)
            case "schema":
                return self._schema(request, address)
            case "block":
                return self._block(request, address)
            case "value":
                return self._value(request, address)
            case _:
                raise no_resource(address.segment)

    def item_of(self, request: Request, address: Address) -> str:
        """The recording a request is about; empty when about none."""
        if address.kind == "block":
            try:
                if address.segment == "DownloadBlock":
                    stored = self._env.files.get(self._blocks.file_id(request.body))
                    return "" if stored is None else stored.item_key
                return Blocks.target(request.body, self._env.store)[1]
            except Refusal:
                return ""
        return address.key if address.set_name == RECORDINGS else ""

    def _table(self, set_name: str) -> Table:
        table = self._env.store.of_set(set_name)
        if table is None:
            raise no_resource(set_name)
        return table

    def _context(self, what: str) -> str:
        return f"{self._org_url}/api/data/v9.2/$metadata#{what}"

    def _who_am_i(self, client_id: str) -> Response:
        ids = [guid(stream(0, "whoami", part, client_id)) for part in ("unit", "user")]
        return self._json(
            {
                "@odata.context": self._context("Microsoft.Dynamics.CRM.WhoAmIResponse"),
                "BusinessUnitId": ids[0],
                "UserId": ids[1],
                "OrganizationId": guid(stream(0, "organisation", self._org_url)),
            }
        )

    def _schema(self, request: Request, address: Address) -> Response:
        options = dict(request.parameters())
        body = definitions(self._env.store.schemas, self._tracked, address.segment, options)
        return self._json({"@odata.context": self._context("EntityDefinitions")} | body)

    def _collection(
        self, request: Request, address: Address, now_us: int, manner: Manner
    ) -> Response:
        table = self._table(address.set_name)
        prefer = preferences(request.headers.get("prefer", ""))
        options = dict(request.parameters())
        if prefer.track_changes or "$deltatoken" in options:
            return self._changes(request, table, options, prefer, now_us)
        query = read_options(table, options.items())
        if prefer.page_size is not None and query.top is not None:
            query = _without_top(query)
        page_size = min(prefer.page_size or self._page_cap, self._page_cap)
        result = run(self._env.store, table, query, page_size, now_us)
        if manner.heard and address.kind == "list":
            for row in result.rows:
                if row["msdyn_recording"] is not None:
                    self._env.truth.listed(self._env.source, str(row[table.schema.key]), now_us)
        rows = [self._shown(table, row, query, prefer, now_us) for row in result.rows]
        if manner.repeat:
            rows = [row for row in rows for _ in range(2)]
        columns = f"({','.join(query.select)})" if query.select else ""
        context = self._context(f"{address.set_name}{columns}")
        body: dict[str, Any] = {"@odata.context": context}
        body |= self._totals(query, result, prefer)
        body["value"] = rows
        if result.next_token is not None:
            body["@odata.nextLink"] = self._next_link(request, result.next_token)
        return self._json(body, prefer)

    @staticmethod
    def _totals(query: Query, result: Result, prefer: Preferences) -> dict[str, Any]:
        totals: dict[str, Any] = {}
        if query.count:
            totals["@odata.count"] = min(result.matched, COUNT_MAX)
        if prefer.annotations:
            counted = min(result.matched, COUNT_MAX) if query.count else -1
            totals["@Microsoft.Dynamics.CRM.totalrecordcount"] = counted
            totals["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = (
                query.count and result.matched > COUNT_MAX
            )
        return totals

    def _next_link(self, request: Request, token: str) -> str:
        kept = [
            part
            for part in request.query.split("&")
            if part and not unquote(part).startswith("$skiptoken=")
        ]
        query = "&".join((*kept, f"$skiptoken={quote(token, safe='')}"))
        return f"{self._org_url}/api/data/{request.path.rpartition('/api/data/')[2]}?{query}"

    def _shown(
        self, table: Table, row: Row, query: Query, prefer: Preferences, now_us: int
    ) -> dict[str, Any]:
        store = self._env.store
        out = render(store, table, row, query.select, prefer)
        for expand in query.expand:
            name, value = expanded(store, table, row, expand, prefer, now_us=now_us)
            out[name] = value
        return out

    def _changes(
        self,
        request: Request,
        table: Table,
        options: dict[str, str],
        prefer: Preferences,
        now_us: int,
    ) -> Response:
        set_name, logical = table.schema.set_name, table.schema.logical
        if logical not in self._tracked:
            raise bad_query(f"Change tracking is not enabled for entity '{logical}'.")
        found = changes(self._env.store, table, options, prefer, now_us)
        gone = [
            {
                "@odata.context": self._context(f"{set_name}/$deletedEntity"),
                "id": k,
                "reason": "deleted",
            }
            for k in found["deleted"]
        ]
        delta = "/$delta" if "$deltatoken" in options else ""
        base = f"{self._org_url}/api/data/{request.path.rpartition('/api/data/')[2]}"
        body = {
            "@odata.context": self._context(f"{set_name}{delta}"),
            "@odata.deltaLink": f"{base}?{found['next']}",
            "value": found["rows"] + gone,
        }
        return self._json(body, prefer)

    def _row(self, request: Request, address: Address, now_us: int) -> Response:
        table = self._table(address.set_name)
        row = table.get(address.key)
        if row is None:
            raise no_row(table.schema.logical, address.key)
        prefer = preferences(request.headers.get("prefer", ""))
        query = read_options(table, request.parameters())
        columns = f"({','.join(query.select)})" if query.select else ""
        context = self._context(f"{address.set_name}{columns}/$entity")
        return self._json(
            {"@odata.context": context} | self._shown(table, row, query, prefer, now_us), prefer
        )

    def _value(self, request: Request, address: Address) -> Response:
        table = self._table(address.set_name)
        column = table.schema.columns.get(address.column)
        if column is not None and column.kind != "file" and not address.raw:
            return self._row_column(table, address)
        stored = file_of(self._env.files, table, address.key, address.column)
        if address.raw:
            return raw_value(request, stored)
        what = self._context(f"{address.set_name}({address.key})/{address.column}")
        return json_value(request, stored, what)

    def _row_column(self, table: Table, address: Address) -> Response:
        row = table.get(address.key)
        if row is None:
            raise no_row(table.schema.logical, address.key)
        shown = render(self._env.store, table, row, (address.column,), Preferences())
        what = self._context(f"{address.set_name}({address.key})/{address.column}")
        return self._json({"@odata.context": what, "value": shown[address.column]})

    def _sas(self, request: Request, address: Address, client_id: str, now_us: int) -> Response:
        if self._managed_keys:
            raise Refusal(
                400, "0x80040265", "GetFileSasUrl is not supported with customer-managed keys."
            )
        options = dict(request.parameters())
        given = {
            name: options.get(value, "") if value.startswith("@") else value
            for name, value in _SAS_ARGUMENT.findall(address.segment)
        }
        reference = given.get("Target", "")
        try:
            target = str(json.loads(reference.replace("'", '"'))["@odata.id"])
        except (ValueError, KeyError, TypeError):
            raise bad_query(f"The reference '{reference}' is malformed.") from None
        match = re.fullmatch(r"(?:.*/)?(\w+)\(([\w-]+)\)", target)
        if match is None:
            raise bad_query(f"The reference '{target}' is malformed.")
        column = given.get("FileAttributeName", "").strip("'")
        table = self._table(match[1])
        stored = file_of(self._env.files, table, match[2].lower(), column)
        if stored is None:
            raise bad_query("No file attachment found for the attribute.")
        link = self._env.files.link(client_id, stored.file_id, now_us, self._sas_life_s)
        result = {
            "FileName": stored.name,
            "FileSizeInBytes": stored.size_bytes,
            "MimeType": stored.media_type,
            "SasUrl": link,
        }
        context = self._context("Microsoft.Dynamics.CRM.GetFileSasUrlResponse")
        return self._json({"@odata.context": context, "Result": result})

    def _block(self, request: Request, address: Address) -> Response:
        if request.method != "POST":
            raise Refusal(405, "0x80060888", "Use POST.")
        if address.segment == "DownloadBlock":
            stored = self._env.files.get(self._blocks.file_id(request.body))
            return self._blocks.block(request.body, stored)
        set_name, key, column = Blocks.target(request.body, self._env.store)
        table = self._table(set_name)
        return self._blocks.begin(file_of(self._env.files, table, key, column))

    @staticmethod
    def _json(body: dict[str, Any], prefer: Preferences = _NOTHING) -> Response:
        headers: tuple[tuple[str, str], ...] = (("OData-Version", "4.0"),)
        if prefer.applied:
            headers = (*headers, ("Preference-Applied", prefer.applied))
        return answer_json(200, body, headers, _JSON)


def _without_top(query: Query) -> Query:
    """`$top` is ignored beside a page size."""
    return Query(
        query.select, query.filter, query.order, query.expand, None, query.count, query.skip_token
    )
