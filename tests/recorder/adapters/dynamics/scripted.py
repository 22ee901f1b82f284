"""A small Dataverse in memory: rows, files, tokens, and answers on order. A fake, not the service."""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import httpx

from recorder.adapters.dynamics.plugin import PLUGIN
from recorder.adapters.dynamics.schema_probe import logical_name
from recorder.adapters.dynamics.tables import ALL_TABLES
from recorder.errors import ConfigError
from recorder.instants import from_text, to_text
from recorder.plugins import SourceDeps

ORG = "https://contoso.crm.dynamics.com"
API = f"{ORG}/api/data/v9.2/"
BLOBS = "https://store.blob.core.windows.net"
AUTHORITY = "https://login.microsoftonline.com"
EPOCH_S = 1_767_225_600  # 2026-01-01T00:00:00Z
SECRET = "hush-hush-secret"
SIGNATURE = "c2lnbmF0dXJl"


def guid(number: int, kind: int = 0) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


class FakeClock:
    """Two clocks that move only when told."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000_000
        self.wall_s = float(EPOCH_S)

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_us(self) -> int:
        return int(self.wall_s * 1_000_000)

    def call_later(self, delay_s, address, message):
        raise AssertionError(f"adapters set no timers: {delay_s} {address} {message}")

    def advance(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)
        self.wall_s += seconds


@dataclass
class FakeSecrets:
    values: dict[str, str] = field(default_factory=lambda: {"env:DYNAMICS": SECRET})
    reads: int = 0

    def read(self, reference: str) -> str:
        self.reads += 1
        if reference not in self.values:
            raise ConfigError(f"{reference}: not set", hint="Set it.")
        return self.values[reference]


def open_source(transport, clock, *, name="crm", secrets=None, **settings):
    """A DynamicsSource of node a that speaks to whatever is behind `transport`."""
    table = {
        "org_url": ORG,
        "tenant": "contoso.example",
        "client_id": "node-a",
        "client_secret": "env:DYNAMICS",
    } | settings
    deps = SourceDeps(
        name=name,
        transport=lambda: transport,
        clock=clock,
        secrets=secrets or FakeSecrets(),
        user_agent="Tandem/test",
    )
    return PLUGIN.open(PLUGIN.settings.model_validate(table), deps)


def error_answer(status: int, code: str = "", message: str = "", **headers: str) -> httpx.Response:
    body = {"error": {"code": code, "message": message}}
    return httpx.Response(
        status, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


@dataclass
class Order:
    """Answer the next `times` requests whose address holds `part` with `answer`."""

    part: str
    answer: Callable[[httpx.Request], httpx.Response]
    times: int = 1


class ScriptedDataverse(httpx.BaseTransport):
    """`rows[set name]` is what there is; `orders` are answered before anything else."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.clock_offset_s = 0.0
        self.rows: dict[str, list[dict]] = {table.set_name: [] for table in ALL_TABLES}
        self.files: dict[tuple[str, str], bytes] = {}
        self.columns = {
            table.logical: {logical_name(column) for column in table.columns}
            for table in ALL_TABLES
        }
        self.closed_sets: set[str] = set()
        self.orders: list[Order] = []
        self.requests: list[httpx.Request] = []
        self.secret = SECRET
        self.token_lifetime_s = 3599
        self.tokens: dict[str, float] = {}
        self.tokens_given = 0
        self.links: dict[str, str] = {}
        self.links_given = 0
        self.links_enabled = True
        self.dated = True

    def open(self, *, name: str = "crm", secrets=None, **settings):
        """A DynamicsSource that speaks to this fake."""
        return open_source(self, self.clock, name=name, secrets=secrets, **settings)

    def order(self, part: str, answer, times: int = 1) -> None:
        reply = answer if callable(answer) else lambda _request: answer
        self.orders.append(Order(part, reply, times))

    def asked(self, part: str) -> list[httpx.Request]:
        return [request for request in self.requests if part in str(request.url)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        for order in self.orders:
            if order.times > 0 and order.part in unquote(str(request.url)):
                order.times -= 1
                return self._dated(order.answer(request))
        if str(request.url).startswith(BLOBS):
            return self._blob(request)
        if request.url.path.endswith("/oauth2/v2.0/token"):
            return self._token(request)
        return self._dated(self._api(request))

    def _dated(self, response: httpx.Response) -> httpx.Response:
        if self.dated and "date" not in response.headers:
            seconds = self.clock.wall_s + self.clock_offset_s
            response.headers["date"] = email.utils.formatdate(seconds, usegmt=True)
        return response

    # -- tokens ----

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if form.get("scope") != f"{ORG}/.default" or form["grant_type"] != "client_credentials":
            return self._refusal(400, "invalid_scope", 70011)
        if form.get("client_secret") != self.secret:
            return self._refusal(401, "invalid_client", 7000215)
        self.tokens_given += 1
        token = f"token-number-{self.tokens_given}"
        self.tokens[token] = self.clock.wall_s + self.token_lifetime_s
        return httpx.Response(
            200,
            json={
                "token_type": "Bearer",
                "expires_in": self.token_lifetime_s,
                "access_token": token,
            },
        )

    @staticmethod
    def _refusal(status: int, word: str, code: int) -> httpx.Response:
        text = f"AADSTS{code}: no.\r\nTrace ID: 1\r\nCorrelation ID: 2\r\nTimestamp: 2026-01-01"
        body = {"error": word, "error_description": text, "error_codes": [code]}
        return httpx.Response(status, json=body)

    def _is_known(self, request: httpx.Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.clock.wall_s < self.tokens.get(token, 0.0)

    # -- the API ----

    def _api(self, request: httpx.Request) -> httpx.Response:
        if not self._is_known(request):
            return httpx.Response(401, headers={"www-authenticate": "Bearer"})
        path = request.url.path.removeprefix("/api/data/v9.2/")
        options = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        return self._function(path, options) or self._table(path, options, request)

    def _function(self, path: str, options: dict) -> httpx.Response | None:
        if path == "WhoAmI":
            return httpx.Response(200, json={"UserId": guid(1)})
        if match := re.match(r"EntityDefinitions\(LogicalName='(\w+)'\)/Attributes$", path):
            return self._schema(match.group(1))
        if path.startswith("GetFileSasUrl"):
            return self._link(options["@p1"])
        return None

    def _table(self, path: str, options: dict, request: httpx.Request) -> httpx.Response:
        if match := re.match(r"(\w+)\(([0-9a-f-]+)\)/(\w+)/\$value$", path):
            return self._value(request, match.group(2), match.group(3))
        if match := re.match(r"(\w+)(?:\(([0-9a-f-]+)\))?$", path):
            return self._rows(match.group(1), match.group(2), options, request)
        return error_answer(404, "0x8006088a", "Resource not found for the segment")

    def _schema(self, logical: str) -> httpx.Response:
        if logical not in self.columns:
            return error_answer(404)
        return httpx.Response(
            200, json={"value": [{"LogicalName": name} for name in sorted(self.columns[logical])]}
        )

    def _rows(self, set_name, key, options, request) -> httpx.Response:
        table = next((one for one in ALL_TABLES if one.set_name == set_name), None)
        if table is None or set_name not in self.rows:
            return error_answer(404, "0x8006088a", "Resource not found for the segment")
        if set_name in self.closed_sets:
            return error_answer(403, "0x80040220", f"missing prvRead{table.logical} privilege")
        selected = options["$select"].split(",")
        for column in selected:
            if logical_name(column) not in self.columns[table.logical]:
                return error_answer(
                    400, "0x80060888", f"Could not find a property named '{column}'"
                )
        rows = [row for row in self.rows[set_name] if key is None or row[table.key] == key]
        if key is not None:
            if not rows:
                return error_answer(404, "0x80040217", "Does Not Exist")
            return httpx.Response(200, json=self._shown(rows[0], table, selected, options))
        rows = [row for row in rows if _matches(row, options.get("$filter", ""))]
        for part in reversed(options.get("$orderby", table.key).split(",")):
            column, _, way = part.partition(" ")
            rows.sort(key=lambda row, column=column: row.get(column) or "", reverse=way == "desc")
        return self._page([self._shown(row, table, selected, options) for row in rows], request)

    def _shown(self, row, table, selected, options) -> dict:
        shown = {name: row.get(name) for name in (table.key, *selected)}
        shown |= {
            name: value
            for name, value in row.items()
            if "@" in name and name.partition("@")[0] in selected
        }
        if "$expand" in options:
            shown["msdyn_ocrecording_FileAttachments"] = row.get("files", [])
        return shown | {"@odata.etag": 'W/"1"'}

    def _page(self, rows: list[dict], request: httpx.Request) -> httpx.Response:
        prefer = request.headers.get("prefer", "")
        size = int(re.search(r"odata\.maxpagesize=(\d+)", prefer).group(1))
        base, _, token = str(request.url).partition("&$skiptoken=")
        start = int(token or 0)
        body: dict = {"value": rows[start : start + size]}
        if start + size < len(rows):
            body["@odata.nextLink"] = f"{base}&$skiptoken={start + size}"
        return httpx.Response(200, json=body, headers={"preference-applied": prefer})

    # -- files ----

    def _link(self, target: str) -> httpx.Response:
        recording_id = re.search(r"msdyn_ocrecordings\(([0-9a-f-]+)\)", target).group(1)
        body = self.files.get((recording_id, "msdyn_recording"))
        if body is None:
            return error_answer(404, "0x80040217", "Does Not Exist")
        if not self.links_enabled:
            return error_answer(400, "0x80048d0b", "not with customer managed keys")
        self.links_given += 1
        link = f"{BLOBS}/files/{recording_id}?sv=1&n={self.links_given}&sig={SIGNATURE}"
        self.links[link] = recording_id
        result = {
            "FileName": "callRecording.mp3",
            "FileSizeInBytes": len(body),
            "MimeType": "audio/mpeg",
            "SasUrl": link,
        }
        return httpx.Response(200, json={"Result": result})

    def _blob(self, request: httpx.Request) -> httpx.Response:
        recording_id = self.links.get(str(request.url))
        if recording_id is None or "authorization" in request.headers:
            return httpx.Response(403, text="<Error><Code>AuthenticationFailed</Code></Error>")
        return httpx.Response(200, content=self.files[recording_id, "msdyn_recording"])

    def _value(self, request, recording_id: str, column: str) -> httpx.Response:
        body = self.files.get((recording_id, column))
        if body is None:
            return error_answer(404)
        match = re.match(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if match is None:
            return httpx.Response(200, content=body)
        part = body[int(match.group(1)) : int(match.group(2)) + 1]
        return httpx.Response(206, content=part, headers={"x-ms-file-size": str(len(body))})


def _matches(row: dict, filtered: str) -> bool:
    return all(
        any(_term(row, term) for term in part.split(" or "))
        for part in filtered.split(" and ")
        if part
    )


def _term(row: dict, term: str) -> bool:
    column, operator, literal = term.split(" ", 2)
    value = row.get(column)
    if literal == "null":
        return (value is not None) == (operator == "ne")
    if value is None:
        return False
    if operator == "eq":
        return value == literal
    us, bound_us = from_text(value), from_text(literal)
    return us >= bound_us if operator == "ge" else us < bound_us


class Story:
    """Puts plausible rows into a ScriptedDataverse."""

    def __init__(self, world: ScriptedDataverse) -> None:
        self.world = world
        self.count = 0

    def recording(
        self,
        changed_s: int,
        *,
        conversation: str | None = None,
        body: bytes = b"ID3 mp3 bytes",
        **columns,
    ) -> str:
        self.count += 1
        key, file_id = guid(self.count, 1), guid(self.count, 2)
        row = {
            "msdyn_ocrecordingid": key,
            "msdyn_name": f"Recording {self.count}",
            "createdon": at(changed_s),
            "modifiedon": at(changed_s),
            "msdyn_recording": file_id,
            "msdyn_recording_name": "callRecording.mp3",
            "msdyn_recordingmetadata": None,
            "_msdyn_liveworkitemid_value": conversation,
            "files": [attachment(file_id, len(body))],
        }
        self.world.rows["msdyn_ocrecordings"].append(row | columns)
        self.world.files[key, "msdyn_recording"] = body
        return key

    def row(self, key: str) -> dict:
        rows = self.world.rows["msdyn_ocrecordings"]
        return next(row for row in rows if row["msdyn_ocrecordingid"] == key)

    def delete(self, key: str) -> None:
        self.world.rows["msdyn_ocrecordings"].remove(self.row(key))
        del self.world.files[key, "msdyn_recording"]

    def metadata(self, key: str, document: object) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.row(key)["msdyn_recordingmetadata"] = guid(99, 3)
        self.world.files[key, "msdyn_recordingmetadata"] = body

    def add(self, set_name: str, **row) -> None:
        self.world.rows[set_name].append(row)


def attachment(file_id: str, size: int, column: str = "msdyn_recording") -> dict:
    return {
        "fileattachmentid": file_id,
        "regardingfieldname": column,
        "filename": "callRecording.mp3",
        "mimetype": "audio/mpeg",
        "filesizeinbytes": size,
    }


def at(seconds: int) -> str:
    """`seconds` after 2026 began, as the service writes it."""
    return to_text((EPOCH_S + seconds) * 1_000_000)


def us(seconds: float) -> int:
    return int((EPOCH_S + seconds) * 1_000_000)
