"""Checks a configuration as a start of the node would, and its sources for real.

For the command line: nothing here runs in a node, and nothing is written.
"""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import httpx

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db import open_engine
from recorder.adapters.registry import LoadProblem, PluginRegistry, PluginStatus, open_source
from recorder.adapters.secrets import FileSecrets
from recorder.config import Config, SourceTable, load_config, load_sources
from recorder.errors import ConfigError, SourceError
from recorder.model import Finding, Level
from recorder.plugins import SourceDeps
from recorder.ports.recording import DataSource
from recorder.settings.faults import is_loopback
from recorder.version import build

_REFERENCES = ("env:", "file:", "value:")
_TEMPORARY = ("unreachable", "throttled")


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What a source answered when it was tried."""

    source: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True without a finding that someone must act on."""
        return not self._errors()

    @property
    def temporary(self) -> bool:
        """True when the only errors are such as pass by themselves."""
        return not self.ok and all(finding.code in _TEMPORARY for finding in self._errors())

    def _errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.ERROR]

    def as_json(self) -> dict[str, object]:
        """For `tandem source check --json`."""
        findings = [
            {
                "code": finding.code,
                "level": finding.level.value,
                "subject": finding.subject,
                "what": finding.what,
                "hint": finding.hint,
            }
            for finding in self.findings
        ]
        return {"source": self.source, "ok": self.ok, "findings": findings}


def check_config(path: Path, *, registry: PluginRegistry | None = None) -> tuple[str, ...]:
    """Everything that can be known without the network; returns advice, one line each.

    Raises ConfigError with one line per fault, each with its exact path in the file.
    """
    plugins = registry or PluginRegistry()
    try:
        config = load_config(path)
    except ConfigError as error:
        # What is wrong elsewhere must not hide what is wrong in the sources.
        sources = load_sources(path)
        more = [*_source_secret_faults(sources), *_source_faults(sources, plugins)]
        lines = [str(error), *(f"{path}: {line}" for line in more)]
        raise ConfigError("\n".join(lines), hint=error.hint) from error
    faults = [
        *_secret_faults(config),
        *_data_center_faults(config),
        *_tls_faults(config),
        *_hook_faults(config),
        *_source_faults(config.sources, plugins),
    ]
    if faults:
        raise ConfigError(
            "\n".join(f"{path}: {line}" for line in faults),
            hint=f"Mend {path} or what it points to, then check it again.",
        )
    return tuple(_advice(config))


def check_sources(
    path: Path, name: str | None, *, registry: PluginRegistry | None = None
) -> list[SourceCheck]:
    """Open every enabled source, or the one called `name`, and try it over the network.

    Raises ConfigError when the file is wrong, LookupError when there is no such source.
    """
    config = load_config(path)
    if name is not None and name not in config.sources:
        known = ", ".join(sorted(config.sources)) or "none"
        raise LookupError(f"{path} has no source {name!r} (it has: {known})")
    chosen = {
        source: table
        for source, table in config.sources.items()
        if source == name or (name is None and table.enabled)
    }
    faults = [
        line
        for source, table in chosen.items()
        for line in _unreadable(f"sources.{source}", table.adapter_settings())
    ]
    if faults:
        raise ConfigError("\n".join(f"{path}: {line}" for line in faults))
    plugins = registry or PluginRegistry()
    return [_check_source(source, table, plugins) for source, table in chosen.items()]


def _check_source(name: str, table: SourceTable, registry: PluginRegistry) -> SourceCheck:
    opened = _open(name, table, registry)
    if isinstance(opened, LoadProblem):
        if opened.status is PluginStatus.STOPPED_BY_CONFIG_ERROR:
            raise ConfigError(opened.what, hint=opened.hint)
        finding = Finding(opened.status.value, Level.ERROR, name, opened.what, opened.hint)
        return SourceCheck(name, (finding,))
    try:
        return SourceCheck(name, opened.check())
    except SourceError as error:
        return SourceCheck(name, (Finding(error.code, Level.ERROR, name, str(error), error.hint),))
    finally:
        opened.close()


def _open(name: str, table: SourceTable, registry: PluginRegistry) -> DataSource | LoadProblem:
    plugins = registry.load()
    plugin = plugins.get(table.kind)
    if plugin is None:
        installed = ", ".join(plugins) or "none"
        what = f"sources.{name}.kind: there is no adapter {table.kind!r} (installed: {installed})"
        hint = "Correct the kind, or install the package that brings this adapter."
        return LoadProblem(table.kind, PluginStatus.STOPPED_BY_CONFIG_ERROR, what, hint)
    deps = SourceDeps(
        name=name,
        transport=httpx.HTTPTransport,
        clock=RealClock(),
        secrets=FileSecrets(),
        user_agent=f"tandem/{build()}",
    )
    return open_source(plugin, table.adapter_settings(), deps)


def _secret_faults(config: Config) -> Iterator[str]:
    if config.web.token is not None:
        yield from _unreadable("web", {"token": config.web.token})
    yield from _unreadable("data_center", {"database": config.data_center.database})
    yield from _source_secret_faults(config.sources)


def _source_secret_faults(sources: Mapping[str, SourceTable]) -> Iterator[str]:
    for name, table in sources.items():
        if table.enabled:
            yield from _unreadable(f"sources.{name}", table.adapter_settings())


def _unreadable(where: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """One line for each secret below `where` that cannot be read."""
    for key, value in settings.items():
        path = f"{where}.{key}"
        if isinstance(value, dict):
            yield from _unreadable(path, cast("dict[str, Any]", value))
        elif isinstance(value, str) and value.startswith(_REFERENCES):
            try:
                FileSecrets().read(value)
            except ConfigError as error:
                said = str(error).removeprefix("secret ")
                yield f"{path}: {said.replace(': no such environment variable', ' is not set')}"


def _data_center_faults(config: Config) -> Iterator[str]:
    url = config.data_center.database
    try:
        if url.startswith(_REFERENCES):
            url = FileSecrets().read(url)
    except ConfigError:
        return  # told already, with the other secrets
    try:
        open_engine(url).dispose()
    except ConfigError as error:
        yield f"data_center.database: {error}. {error.hint}"


def _tls_faults(config: Config) -> Iterator[str]:
    web, tls = config.web, config.peer.tls
    pairs = [("web.tls_certificate", web.tls_certificate, web.tls_key)]
    if tls is not None:
        pairs.append(("peer.tls.certificate", tls.certificate, tls.key))
    authorities = [("peer.tls.ca", tls and tls.ca), ("ingest.ca_file", config.ingest.ca_file)]
    for where, path in authorities:
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:
            yield f"{where}: {path}: {error.strerror or error}"
    for where, certificate, key in pairs:
        if certificate is None or key is None:
            continue
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except OSError as error:
            yield f"{where}: {certificate} with {key}: {error.strerror or error}"


def _hook_faults(config: Config) -> Iterator[str]:
    command = config.hooks.on_role_change
    if command and shutil.which(command[0]) is None:
        yield f"hooks.on_role_change: {command[0]} is no program that can be run"


def _source_faults(sources: Mapping[str, SourceTable], registry: PluginRegistry) -> Iterator[str]:
    for name, table in sources.items():
        if not table.enabled:
            continue
        opened = _open(name, table, registry)
        if isinstance(opened, LoadProblem):
            for line in opened.what.splitlines():
                yield line if line.startswith("sources.") else f"sources.{name}: {line}"
        else:
            opened.close()


def _advice(config: Config) -> Iterator[str]:
    if config.peer.tls is None and not is_loopback(config.peer.listen.host):
        yield (
            f"peer.tls: missing: whoever reaches {config.peer.listen} can pretend to be the peer; "
            "`tandem certs` makes certificates"
        )
    if config.web.tls_certificate is None and not is_loopback(config.web.listen.host):
        yield "web.tls_certificate: missing: the admin token crosses the network in clear"
    if config.web.token is None:
        yield "web.token: missing: commands that change something are refused"
    yield from (
        f"web.tokens.{name}.shared: whoever has this token can pretend to be any desktop; "
        "`tandem agent-desktop token` makes one for each"
        for name, one in config.web.tokens.items()
        if one.shared
    )
    if not any(table.enabled for table in config.sources.values()):
        yield "sources: none is enabled: this node has nothing to record"
    yield from _twins([(name, table) for name, table in config.sources.items() if table.enabled])


def _twins(sources: Sequence[tuple[str, SourceTable]]) -> Iterator[str]:
    for (one, first), (other, second) in combinations(sources, 2):
        if first.kind != second.kind:
            continue
        mine, theirs = first.adapter_settings(), second.adapter_settings()
        if mine == theirs:
            yield f"sources.{other}: the same as sources.{one}: every recording would be archived twice"
        elif mine.get("token_file") is not None and mine["token_file"] == theirs.get("token_file"):
            yield f"sources.{other}.token_file: also that of sources.{one}: each source needs its own"
