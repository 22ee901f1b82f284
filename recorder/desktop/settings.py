"""The configuration of the service on an agent's computer: one TOML file, every key known.

Secrets are references (`env:NAME`, `file:PATH`). Relative paths count from the folder of the file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from recorder.errors import ConfigError
from recorder.settings.faults import findings_of, is_loopback

ROUTE = "/api/recording/lan/v1/desktop"
"""Where desktops register at a node."""
GROUP_BYTES_MAX = 4 * 1024 * 1024
"""A key frame is due after so many bytes at the latest: what is dropped, or sent again, is never more."""
NOT_ENCRYPTED = (
    "Everybody on the way can read screens and token: use wss:// and TLS at the node "
    "(its web.tls_certificate)."
)
_MIB = 1024 * 1024
_NAME = r"^[A-Za-z0-9._-]{1,64}$"
_SOURCE = r"^[a-z0-9][a-z0-9_-]{0,62}$"
_AGENT_CHARS_MAX = 200


def _secret_reference(value: object) -> object:
    if isinstance(value, str) and not value.startswith(("env:", "file:", "value:")):
        raise ValueError('must be a reference: "env:NAME" or "file:PATH", not the secret itself')
    return value


def _node_url(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ValueError('must be "wss://HOST:PORT", or "ws://HOST:PORT" where nobody listens in')
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be an address alone: no user, password or parameters")
    base = value.rstrip("/")
    return base if parts.path.strip("/") else base + ROUTE


SecretReference = Annotated[str, BeforeValidator(_secret_reference)]
NodeUrl = Annotated[str, BeforeValidator(_node_url)]


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class DesktopTable(_Table):
    """Which computer this is."""

    id: str = Field(pattern=_NAME)
    """Unique among all desktops, the same for ever."""
    agents: dict[
        Annotated[str, Field(pattern=_SOURCE)],
        Annotated[str, Field(min_length=1, max_length=_AGENT_CHARS_MAX)],
    ] = Field(min_length=1, max_length=16)
    """Who works here: the name of a data source, and the agent's id there."""


class NodesTable(_Table):
    """The pair of recorder nodes."""

    urls: tuple[NodeUrl, ...] = Field(min_length=1, max_length=4)
    """In the order in which they are tried at the start."""
    token: SecretReference
    """Made for this desktop's id by `tandem agent-desktop token`, or one that all share."""
    ca_file: Path | None = None
    """Certificates that are trusted instead of the system's."""
    connect_s: float = Field(2.0, gt=0, le=60)
    """So long a node may take to answer a connection and the first word."""
    retry_max_s: float = Field(15.0, gt=0, le=3600)
    """The longest pause between two tries while no node answers."""


class ScreenTable(_Table):
    """What is grabbed and how."""

    monitors: Literal["all"] | Annotated[int, Field(ge=1, le=16)] = "all"
    """All as one picture, or the number of one."""
    frames_per_s: float = Field(5.0, ge=0.2, le=10)
    """At most; a node may ask for fewer."""
    cursor: bool = True
    display: str | None = None
    """The X display; without it that of the environment."""
    quality: int = Field(32, ge=4, le=60)
    """Of VP9, constant: lower is sharper and larger."""
    key_every_s: float = Field(60.0, ge=2, le=600)
    nice: int = Field(10, ge=0, le=19)
    """How far behind the agent's own programs this one stands for the processor."""


class SpoolTable(_Table):
    """Where frames wait that no node has yet."""

    folder: Path
    bytes_max: int = Field(256 * _MIB, ge=16 * _MIB)
    """What is older than that goes, in whole groups of pictures."""
    memory_bytes_max: int = Field(8 * _MIB, ge=2 * GROUP_BYTES_MAX, le=256 * _MIB)
    """While a node is there frames wait in memory up to this."""
    unattended_max_s: float = Field(4 * 3600.0, gt=0, le=86_400.0)
    """Without a node to say that the call is over, capture ends after this."""


class LogTable(_Table):
    """What is logged, to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class DesktopSettings(_Table):
    """The whole file."""

    desktop: DesktopTable
    nodes: NodesTable
    screen: ScreenTable = ScreenTable()  # pyright: ignore[reportCallIssue]
    spool: SpoolTable
    log: LogTable = LogTable()

    @property
    def agent_keys(self) -> tuple[str, ...]:
        """As the nodes name them, sorted."""
        return tuple(sorted(f"{source}/{key}" for source, key in self.desktop.agents.items()))

    def open_addresses(self) -> tuple[str, ...]:
        """Nodes on other computers that are spoken to without TLS: frames and token can be read on the way."""
        return tuple(url for url in self.nodes.urls if url.startswith("ws:") and not _is_here(url))


def load_settings(path: Path) -> DesktopSettings:
    """Read and check a file. Raises ConfigError with one line per finding."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="A sample is docs/samples/desktop.toml; --check checks one.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}", hint="Mend that line.") from error
    try:
        settings = DesktopSettings.model_validate(data)
    except ValidationError as error:
        lines = "\n".join(f"{path}: {line}" for line in findings_of(error, DesktopSettings))
        raise ConfigError(
            lines, hint=f"Mend it, then try `tandem agent-desktop --check --config {path}`."
        ) from error
    return _from_folder(settings, path.resolve().parent)


def _from_folder(settings: DesktopSettings, folder: Path) -> DesktopSettings:
    nodes, token = settings.nodes, settings.nodes.token
    if token.startswith("file:"):
        token = f"file:{folder / token.removeprefix('file:')}"
    ca_file = None if nodes.ca_file is None else folder / nodes.ca_file
    spool = settings.spool.model_copy(update={"folder": folder / settings.spool.folder})
    there = nodes.model_copy(update={"token": token, "ca_file": ca_file})
    return settings.model_copy(update={"nodes": there, "spool": spool})


def _is_here(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")
