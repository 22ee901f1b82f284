"""The configuration of one node: one TOML tree, every key known, every error with its path.

Environment variables override keys: `TANDEM__POLL__INTERVAL_S=5`. Secrets are references
(`env:NAME`, `file:PATH`), read when used, so that no dump of the configuration can show them.
Relative paths count from the folder of the configuration file.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cluster.ports import Endpoint
from cluster.settings import PairSettings
from recorder.errors import ConfigError
from recorder.settings.faults import findings_of, is_loopback, nearest
from recorder.settings.paths import sources_from, with_paths_from
from recorder.settings.retention import RetentionSettings
from recorder.settings.screens import ReplaySettings, ScreenSettings
from recorder.settings.stages import (
    ArchiveSettings,
    BufferSettings,
    IngestSettings,
    PollSettings,
    ReconcileSettings,
    RecoverySettings,
    RetrySettings,
    ScrubSettings,
)

_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
_PORT_MAX = 65_535


def _endpoint(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > _PORT_MAX:
        raise ValueError('must be "host:port"')
    return Endpoint(host.strip("[]"), int(port))


def _secret_reference(value: object) -> object:
    if isinstance(value, str) and not value.startswith(("env:", "file:", "value:")):
        raise ValueError('must be a reference: "env:NAME" or "file:PATH", not the secret itself')
    return value


HostPort = Annotated[Endpoint, BeforeValidator(_endpoint), PlainSerializer(str)]
SecretReference = Annotated[str, BeforeValidator(_secret_reference)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class NodeTable(_Table):
    """Who this node is."""

    id: str = Field(pattern=_NAME)
    """Unique in the cluster; the lower id wins ties."""
    cluster: str = Field("tandem", pattern=_NAME)
    data: Path
    """State, call buffer and journal of this node."""


class TokenTable(_Table):
    """Who may use the API beside the admin."""

    token: SecretReference
    roles: tuple[Literal["admin", "das", "replay", "desktop"], ...] = Field(min_length=1)
    """`admin` may everything, `das` ask the data access service, `replay` read and listen, `desktop` register agents' computers."""
    shared: bool = False
    """With `desktop`: any computer registers with this token itself, under any id; else each has its own, made from this one."""


class WebTable(_Table):
    """HTTP of this node: health, metrics, API."""

    listen: HostPort = Endpoint("127.0.0.1", 8440)
    public_url: str = ""
    """How the peer and people reach it, where that differs from `listen`."""
    token: SecretReference | None = None
    """Admin token. Without it, commands that change something are refused."""
    tokens: dict[Annotated[str, Field(pattern=_NAME)], TokenTable] = Field(default_factory=dict)
    """By the name that the audit trail calls their owner by."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None


class PeerTlsTable(_Table):
    """Mutual certificates on the peer link; `tandem certs` makes them."""

    ca: Path
    certificate: Path
    key: Path


class PeerTable(_Table):
    """How the two nodes find each other. A fixed address always wins over discovery."""

    listen: HostPort = Endpoint("127.0.0.1", 7440)
    address: HostPort | None = None
    discovery: bool = True
    tls: PeerTlsTable | None = None


class DataCenterTable(_Table):
    """Contact database and archive, shared by both nodes."""

    database: str
    """SQLAlchemy URL, or a secret reference to one when it holds a password."""
    archive: str
    """A folder both nodes see."""


class LogTable(_Table):
    """What is logged, to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class HooksTable(_Table):
    """Programs to run on events."""

    on_role_change: tuple[str, ...] = ()
    """Program and arguments; node, old role, new role, term and reason are appended."""


class SourceTable(BaseModel):
    """One data source. Keys not named here belong to its adapter."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    enabled: bool = True
    poll: PollSettings | None = None
    """Instead of the common `[poll]`."""

    def adapter_settings(self) -> dict[str, Any]:
        """The keys that belong to the adapter."""
        return dict(self.model_extra or {})


class Config(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="TANDEM__", env_nested_delimiter="__"
    )

    node: NodeTable
    web: WebTable = WebTable()
    peer: PeerTable = PeerTable()
    pair: PairSettings = PairSettings()  # pyright: ignore[reportCallIssue]
    data_center: DataCenterTable
    poll: PollSettings = PollSettings()  # pyright: ignore[reportCallIssue]
    retry: RetrySettings = RetrySettings()  # pyright: ignore[reportCallIssue]
    ingest: IngestSettings = IngestSettings()  # pyright: ignore[reportCallIssue]
    buffer: BufferSettings = BufferSettings()  # pyright: ignore[reportCallIssue]
    archive: ArchiveSettings = ArchiveSettings()  # pyright: ignore[reportCallIssue]
    retention: RetentionSettings = RetentionSettings()  # pyright: ignore[reportCallIssue]
    recovery: RecoverySettings = RecoverySettings()  # pyright: ignore[reportCallIssue]
    reconcile: ReconcileSettings = ReconcileSettings()  # pyright: ignore[reportCallIssue]
    scrub: ScrubSettings = ScrubSettings()  # pyright: ignore[reportCallIssue]
    screens: ScreenSettings = ScreenSettings()  # pyright: ignore[reportCallIssue]
    replay: ReplaySettings = ReplaySettings()  # pyright: ignore[reportCallIssue]
    log: LogTable = LogTable()
    hooks: HooksTable = HooksTable()
    sources: dict[Annotated[str, Field(pattern=_NAME)], SourceTable] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file."""
        return env_settings, init_settings


def load_config(path: Path) -> Config:
    """Read and check a configuration file. Raises ConfigError with one line per finding."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="Samples are in docs/samples; `tandem config check FILE` checks one.",
        ) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}", hint="Mend that line.") from error
    try:
        config = Config(**data)
    except ValidationError as error:
        lines = "\n".join(f"{path}: {line}" for line in findings_of(error, Config))
        raise ConfigError(
            lines, hint=f"Mend {path}, then try `tandem config check {path}`."
        ) from error
    wrong = [*_unknown_overrides(), *_contradictions(config)]
    if wrong:
        raise ConfigError(
            "\n".join(f"{path}: {line}" for line in wrong),
            hint=f"Mend {path}, then try `tandem config check {path}`.",
        )
    return with_paths_from(config, path.resolve().parent)


class _SourcesAlone(BaseSettings):
    """The sources of a tree that may be wrong elsewhere."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix="TANDEM__", env_nested_delimiter="__"
    )

    sources: dict[str, SourceTable] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file."""
        return env_settings, init_settings


def load_sources(path: Path) -> dict[str, SourceTable]:
    """The sources of a file that `load_config` refuses, as far as they can be read: for reports."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        alone = _SourcesAlone(sources=data.get("sources", {}))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError):
        return {}
    return sources_from(alone.sources, path.resolve().parent)


def _unknown_overrides() -> list[str]:
    """Variables that look like overrides of a table that does not exist; nothing else tells of them."""
    found: list[str] = []
    for name in sorted(os.environ):
        if not name.startswith("TANDEM__"):
            continue
        table = name.split("__")[1].lower()
        if table not in Config.model_fields:
            found.append(f"environment variable {name}: unknown table{nearest((table,), Config)}")
    return found


def _contradictions(config: Config) -> list[str]:
    """What each table allows alone, but not together: one line each, with its path."""
    web, peer, wrong = config.web, config.peer, list[str]()
    if peer.address == peer.listen:
        wrong.append(f"peer.address: {peer.address} is this node's own peer.listen")
    if (web.tls_certificate is None) != (web.tls_key is None):
        missing = "tls_key" if web.tls_key is None else "tls_certificate"
        wrong.append(f"web.{missing}: missing: certificate and key belong together")
    wrong += [
        f"web.tokens.{name}: that is what web.token, or nobody, is called; choose another name"
        for name in ("admin", "anonymous", "system")
        if name in web.tokens
    ]
    wrong += [
        f"web.tokens.{name}.shared: only for a token with the role desktop"
        for name, one in web.tokens.items()
        if one.shared and "desktop" not in one.roles
    ]
    wrong += [
        f"sources.{name}: the archive keeps things of its own under that name; choose another name"
        for name in ("renditions", "screens")
        if name in config.sources
    ]
    if web.token is None and not web.tokens and not is_loopback(web.listen.host):
        wrong.append(
            f"web.token: missing: other hosts reach web.listen {web.listen}; "
            'write token = "file:PATH" or "env:NAME"'
        )
    return wrong
