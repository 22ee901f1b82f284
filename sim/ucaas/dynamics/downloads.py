"""The ways to the bytes: signed links on the file host, `$value`, base64 JSON, and blocks."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from sim.ucaas.dynamics.entra import answer_json
from sim.ucaas.dynamics.errors import Refusal, bad_query, no_row
from sim.ucaas.dynamics.files import FileStore, StoredFile
from sim.ucaas.dynamics.lexer import Value
from sim.ucaas.dynamics.tables import Store, Table
from sim.ucaas.http import Content, Request, Response, byte_range


def file_of(files: FileStore, table: Table, key: str, column: str) -> StoredFile | None:
    """The file in a row's column; None when it is empty. Raises Refusal (404, 400)."""
    row = table.get(key)
    if row is None:
        raise no_row(table.schema.logical, key)
    found = table.schema.columns.get(column)
    if found is None or found.kind != "file":
        raise bad_query(f"'{column}' is no file column of '{table.schema.logical}'.")
    file_id: Value = row[column]
    return files.get(file_id) if isinstance(file_id, str) else None


def blob(request: Request, stored: StoredFile) -> Response:
    """The file host's answer to a valid link: ranges are honoured."""
    headers = (
        ("Content-Type", stored.media_type),
        ("ETag", f'"0x{stored.sha256[:15].upper()}"'),
        ("Accept-Ranges", "bytes"),
        ("Server", "Windows-Azure-Blob/1.0"),
        ("x-ms-blob-type", "BlockBlob"),
    )
    wanted = request.headers.get("range") or request.headers.get("x-ms-range")
    if wanted is None:
        return Response(200, (*headers, ("Content-MD5", stored.md5)), stored.content)
    span = byte_range(wanted, stored.size_bytes)
    if span is None:
        unmet = ("Content-Range", f"bytes */{stored.size_bytes}")
        return xml_error(416, "InvalidRange", "The range specified is invalid.", (unmet,))
    shown = ("Content-Range", f"bytes {span[0]}-{span[1] - 1}/{stored.size_bytes}")
    return Response(206, (*headers, shown), stored.content.cut(*span))


def xml_error(
    status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """A refusal of the file host."""
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    kind = ("Content-Type", "application/xml")
    return Response(status, (kind, ("x-ms-error-code", code), *headers), Content((text.encode(),)))


def raw_value(request: Request, stored: StoredFile | None) -> Response:
    """`/$value`: whole, or a chunk when a range is asked for."""
    if stored is None:
        return Response(204)
    headers = (
        ("Content-Type", "application/octet-stream"),
        ("x-ms-file-size", str(stored.size_bytes)),
        ("x-ms-file-name", stored.name),
        ("mimetype", stored.media_type),
        ("Access-Control-Expose-Headers", "x-ms-file-size; x-ms-file-name; mimetype"),
    )
    wanted = request.headers.get("range")
    if wanted is None:
        return Response(200, headers, stored.content)
    span = byte_range(wanted, stored.size_bytes)
    if span is None:
        raise Refusal(416, "0x80048d19", "The requested range is not satisfiable.")
    chunk = ("x-ms-chunk-size", str(span[1] - span[0]))
    return Response(206, (*headers, chunk), stored.content.cut(*span))


def json_value(request: Request, stored: StoredFile | None, context: str) -> Response:
    """The column without `/$value`: a chunk as base64 inside JSON."""
    if stored is None:
        return Response(204)
    wanted = request.headers.get("range", "")
    start, stop = byte_range(wanted, stored.size_bytes) or (0, 0)
    data = base64.b64encode(stored.content.cut(start, stop).joined()).decode()
    headers = (
        ("x-ms-file-name", stored.name),
        ("x-ms-file-size", str(stored.size_bytes)),
        ("Content-Disposition", f'attachment; filename="{stored.name}"'),
        ("Location", request.path),
    )
    status = 206 if stop < stored.size_bytes or start else 200
    return answer_json(status, {"@odata.context": context, "value": data}, headers)


class Blocks:
    """The two messages that download a file block by block."""

    def __init__(self, *, chunking: bool) -> None:
        self._chunking = chunking
        self._open: dict[str, str] = {}

    @staticmethod
    def target(body: bytes, store: Store) -> tuple[str, str, str]:
        """Set, key and column of an initialisation. Raises Refusal (400)."""
        given = _object(body)
        target = given.get("Target")
        if not isinstance(target, dict):
            raise bad_query("Target is missing.")
        fields = cast("dict[str, Any]", target)
        logical = str(fields.get("@odata.type", "")).rpartition(".")[2]
        schema = store.schemas.get(logical)
        if schema is None:
            raise bad_query("Target needs @odata.type.")
        column = str(given.get("FileAttributeName", ""))
        return schema.set_name, str(fields.get(schema.key, "")).lower(), column

    def begin(self, stored: StoredFile | None) -> Response:
        """Answer InitializeFileBlocksDownload."""
        if stored is None:
            raise bad_query("No file attachment found for the attribute.")
        token = base64.b64encode(f"continue {stored.file_id}".encode()).decode()
        self._open[token] = stored.file_id
        return answer_json(
            200,
            {
                "FileSizeInBytes": stored.size_bytes,
                "FileName": stored.name,
                "FileContinuationToken": token,
                "IsChunkingSupported": self._chunking,
            },
        )

    def file_id(self, body: bytes) -> str:
        """The file a block request means; empty when its token is unknown."""
        return self._open.get(str(_object(body).get("FileContinuationToken", "")), "")

    def block(self, body: bytes, stored: StoredFile | None) -> Response:
        """Answer DownloadBlock."""
        given = _object(body)
        if stored is None:
            raise bad_query("The FileContinuationToken is invalid.")
        start, length = _size(given, "Offset"), _size(given, "BlockLength")
        if not self._chunking and (start or length < stored.size_bytes):
            raise Refusal(400, "0x80090017", "Chunked download is not supported for this file.")
        data = stored.content.cut(start, start + length).joined()
        return answer_json(200, {"Data": base64.b64encode(data).decode()})


def _size(given: dict[str, Any], name: str) -> int:
    value = given.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_query(f"{name} must be a number of bytes.")
    return value


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise bad_query("The body is no JSON.") from None
    if not isinstance(value, dict):
        raise bad_query("The body is no JSON object.")
    return cast("dict[str, Any]", value)
