"""Relative paths in a configuration count from the folder of its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from recorder.config import Config, SourceTable


def with_paths_from(config: Config, folder: Path) -> Config:
    """The same configuration with relative paths taken from `folder`."""

    def absolute(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    tls = config.peer.tls
    peer_tls = tls and tls.model_copy(
        update={name: folder / getattr(tls, name) for name in ("ca", "certificate", "key")}
    )
    web = config.web.model_copy(
        update={
            "token": _reference_from(config.web.token, folder),
            "tokens": {
                name: one.model_copy(update={"token": _reference_from(one.token, folder)})
                for name, one in config.web.tokens.items()
            },
            "tls_certificate": absolute(config.web.tls_certificate),
            "tls_key": absolute(config.web.tls_key),
        }
    )
    center = config.data_center.model_copy(
        update={
            "database": _database_from(config.data_center.database, folder),
            "archive": str(folder / config.data_center.archive),
        }
    )
    return config.model_copy(
        update={
            "recovery": config.recovery.model_copy(
                update={"drop_folder": absolute(config.recovery.drop_folder)}
            ),
            "ingest": config.ingest.model_copy(update={"ca_file": absolute(config.ingest.ca_file)}),
            "node": config.node.model_copy(update={"data": folder / config.node.data}),
            "peer": config.peer.model_copy(update={"tls": peer_tls}),
            "web": web,
            "data_center": center,
            "sources": sources_from(config.sources, folder),
        }
    )


def sources_from(sources: Mapping[str, SourceTable], folder: Path) -> dict[str, SourceTable]:
    """The same sources with relative paths taken from `folder`."""
    return {
        name: source.model_copy(update=_references_from(source.adapter_settings(), folder))
        for name, source in sources.items()
    }


def _reference_from(value: Any, folder: Path) -> Any:
    """`file:PATH` with the path taken from `folder`; everything else as it is."""
    if not isinstance(value, str) or not value.startswith("file:"):
        return value
    return f"file:{folder / value.removeprefix('file:')}"


def _references_from(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {
        key: _references_from(cast("dict[str, Any]", value), folder)
        if isinstance(value, dict)
        else _file_from(key, value, folder)
        for key, value in settings.items()
    }


def _file_from(key: str, value: Any, folder: Path) -> Any:
    """An adapter's key that ends in `_file` names a file, `ca_file` for one."""
    if key.endswith("_file") and isinstance(value, str):
        return str(folder / value)
    return _reference_from(value, folder)


def _database_from(url: str, folder: Path) -> str:
    prefix = "sqlite:///"
    if not url.startswith(prefix):
        return str(_reference_from(url, folder))
    return f"{prefix}{folder / url.removeprefix(prefix)}"
