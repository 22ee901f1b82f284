"""Opens what a node needs of the world, as its configuration says."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from cluster.adapters.real_clock import blocking_wait
from cluster.adapters.tcp_tls import TlsFiles
from cluster.adapters.tcp_transport import TcpTransport
from cluster.adapters.zeroconf_discovery import ZeroconfDiscovery
from cluster.ports import Clock, Discovery, Transport
from recorder.adapters.audit_anchor import AuditAnchorFile
from recorder.adapters.buffer_files import DiskBufferFiles
from recorder.adapters.contact_db.agent_events import SqlAgentEventDb
from recorder.adapters.contact_db.audit import SqlAuditDb
from recorder.adapters.contact_db.certificate_requests import SqlCertificateWork
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.adapters.contact_db.das import SqlDas
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.contact_db.findings import SqlFindingsDb
from recorder.adapters.contact_db.logins import SqlLoginDb
from recorder.adapters.contact_db.migrate import REVISION, migrate, migrate_at_start
from recorder.adapters.contact_db.recoveries import SqlRecoveryDb
from recorder.adapters.contact_db.retention import SqlRetentionDb
from recorder.adapters.contact_db.screens import SqlScreenDb
from recorder.adapters.contact_db.scrubs import SqlScrubDb
from recorder.adapters.data_lock import claim_data
from recorder.adapters.desktop_links import DesktopSockets
from recorder.adapters.drop_folder import DiskDropFolder
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.journal_file import JournalFile
from recorder.adapters.lease_db import SqlLease
from recorder.adapters.media import open_media_fetcher
from recorder.adapters.media_httpx import httpx_transport
from recorder.adapters.progress_file import ProgressFile
from recorder.adapters.registry import LoadProblem, PluginRegistry, open_source
from recorder.adapters.scn_files import DiskScreenFiles
from recorder.adapters.secrets import FileSecrets
from recorder.adapters.stitch_process import StitchProcess
from recorder.assembly.audit import AuditPorts
from recorder.assembly.reconciliation import ReconcileStores
from recorder.assembly.screens import RecordingPorts, ScreenPorts
from recorder.assembly.stitching import StitchStores
from recorder.config import Config
from recorder.desk.control import SourceProblem
from recorder.errors import ConfigError
from recorder.plugins import SourceDeps
from recorder.ports.recording import DataSource, MediaFetcher
from recorder.traps import Trap
from recorder.version import build

START_WAIT_S = 3.0


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a node keeps things: its own disk and the Data Center."""

    files: DiskBufferFiles
    journal: JournalFile
    progress: ProgressFile
    archive: FolderArchive
    contact_db: SqlContactDb
    recoveries: SqlRecoveryDb
    reconcile: ReconcileStores
    retention: SqlRetentionDb
    migrate: Callable[[], None]
    """Waits long for a busy database."""
    migrate_now: Callable[[], None]
    """Gives up after a moment. Raises ConfigError for what is no database."""
    lease: Callable[[str, str], SqlLease]
    """Opened with the instance id of this installation and the boot id of this process."""
    trap: Trap
    audit: AuditPorts
    audit_journal: JournalFile
    """That of `audit`, to be closed."""
    screens: ScreenPorts
    agent_journal: JournalFile
    """That of `screens`, to be closed."""
    desktop_links: DesktopSockets
    """Those of `screens`."""
    stitch: StitchStores
    das: SqlDas
    logins: SqlLoginDb
    certificates: SqlCertificateDb
    certificate_work: SqlCertificateWork


def node_stores(config: Config, clock: Clock, trap: Trap) -> Stores:
    """Open them without touching the database. Raises ConfigError, CallBufferError, ArchiveError."""
    claim_data(data := config.node.data)
    _make_sqlite_folder(url := database_url(config, FileSecrets()))
    engine = open_engine(url)
    audit_journal = JournalFile(data / "audit-journal")
    agent_journal, links = JournalFile(data / "agent-journal"), DesktopSockets()
    return Stores(
        files=DiskBufferFiles(
            data / "buffer",
            reserve_bytes=config.buffer.reserve_bytes,
            bytes_max=config.buffer.bytes_max,
            trap=trap,
        ),
        journal=JournalFile(data / "journal", trap=trap),
        progress=ProgressFile(data / "progress"),
        archive=FolderArchive(config.data_center.archive, trap=trap),
        contact_db=SqlContactDb(
            engine, cluster=config.node.cluster, node=config.node.id, clock=clock
        ),
        recoveries=SqlRecoveryDb(
            engine, cluster=config.node.cluster, node=config.node.id, clock=clock
        ),
        reconcile=ReconcileStores(
            findings=SqlFindingsDb(
                engine, cluster=config.node.cluster, node=config.node.id, clock=clock
            ),
            drops=DiskDropFolder(
                root=config.recovery.drop_folder or data / "TextCapture",
                node=config.node.id,
                kinds=[table.kind for table in config.sources.values()],
            ),
        ),
        retention=SqlRetentionDb(
            engine, cluster=config.node.cluster, node=config.node.id, clock=clock
        ),
        migrate=partial(migrate, url),
        migrate_now=partial(migrate_at_start, url, wait_s=START_WAIT_S),
        lease=lambda instance, boot: SqlLease(
            engine,
            cluster=config.node.cluster,
            node=config.node.id,
            instance=instance,
            boot=boot,
            lease_s=config.pair.lease_s,
            call_timeout_s=config.pair.lease_call_timeout_s,
        ),
        trap=trap,
        audit=AuditPorts(
            db=SqlAuditDb(engine),
            journal=audit_journal,
            anchor=AuditAnchorFile(data / "audit-anchor.json"),
            scrub_db=SqlScrubDb(engine, cluster=config.node.cluster),
            schema=REVISION,
        ),
        audit_journal=audit_journal,
        screens=ScreenPorts(
            SqlAgentEventDb(engine), agent_journal, _recording(config, engine, clock, trap, links)
        ),
        desktop_links=links,
        agent_journal=agent_journal,
        stitch=_stitching(engine, data),
        das=SqlDas(engine),
        logins=SqlLoginDb(engine),
        certificates=SqlCertificateDb(engine, cluster=config.node.cluster),
        certificate_work=SqlCertificateWork(engine, cluster=config.node.cluster, clock=clock),
    )


def _stitching(engine: Engine, data: Path) -> StitchStores:
    return StitchStores(
        screens=SqlScreenDb(engine),
        events=SqlAgentEventDb(engine),
        studio=StitchProcess(data / "stitch"),
    )


def _recording(
    config: Config, engine: Engine, clock: Clock, trap: Trap, links: DesktopSockets
) -> RecordingPorts:
    files = DiskScreenFiles(
        config.node.data / "screens",
        clock=clock,
        # Audio stops at its reserve; screens stop before, where audio would begin again.
        reserve_bytes=config.buffer.resume_bytes,
        bytes_max=config.screens.buffer_bytes_max,
        trap=trap,
    )
    return RecordingPorts(files, links, SqlScreenDb(engine))


def database_url(config: Config, secrets: FileSecrets) -> str:
    """The database's URL, read from its secret when the configuration only names one."""
    url = config.data_center.database
    return secrets.read(url) if url.startswith(("env:", "file:")) else url


def _make_sqlite_folder(url: str) -> None:
    prefix = "sqlite:///"
    if url.startswith(prefix):
        Path(url.removeprefix(prefix)).parent.mkdir(parents=True, exist_ok=True)


def node_sources(
    config: Config, clock: Clock, secrets: FileSecrets
) -> tuple[dict[str, DataSource], tuple[SourceProblem, ...]]:
    """Open every enabled source; one that cannot be opened is reported, and the others go on."""
    loaded = PluginRegistry().load()
    opened: dict[str, DataSource] = {}
    problems: list[SourceProblem] = []
    for name, table in sorted(config.sources.items()):
        if not table.enabled:
            problems.append(
                SourceProblem(name, table.kind, "disabled", "", f"Set sources.{name}.enabled.")
            )
            continue
        if table.kind not in loaded:
            known = ", ".join(sorted(loaded))
            problems.append(
                SourceProblem(
                    name,
                    table.kind,
                    "stopped_by_config_error",
                    f"sources.{name}.kind: there is no adapter for {table.kind!r}",
                    f"Known kinds: {known}. Install the package that brings it.",
                )
            )
            continue
        deps = SourceDeps(name, httpx_transport, clock, secrets, f"tandem/{build()}", blocking_wait)
        source = open_source(loaded[table.kind], table.adapter_settings(), deps)
        if isinstance(source, LoadProblem):
            problems.append(
                SourceProblem(name, table.kind, source.status.value, source.what, source.hint)
            )
        else:
            opened[name] = source
    return opened, tuple(problems)


def node_fetcher(config: Config) -> MediaFetcher:
    """The media fetcher, trusting `ingest.ca_file` as well where one is set."""
    ca_file = config.ingest.ca_file
    return open_media_fetcher(
        config.ingest.media_fetcher,
        ca_file=str(ca_file) if ca_file else None,
        user_agent=f"tandem/{build()}",
    )


def node_transport(config: Config, on_crash: Callable[[str, BaseException], None]) -> Transport:
    """The peer link over TCP, with TLS where configured. Raises ConfigError when the port is taken."""
    tls = config.peer.tls
    files = None if tls is None else TlsFiles(tls.certificate, tls.key, tls.ca)
    transport = TcpTransport(listen=config.peer.listen, tls=files, on_crash=on_crash)
    try:
        transport.probe()
    except OSError as error:
        transport.stop()
        raise ConfigError(
            f"peer.listen: {error.strerror}",
            hint="Is another node running there? Choose another peer.listen.",
        ) from error
    return transport


def node_discovery(config: Config) -> Discovery | None:
    """zeroconf, unless switched off or made useless by a fixed address.

    It is announced where this node listens: on one interface, or on all but loopback.
    """
    if not config.peer.discovery or config.peer.address is not None:
        return None
    return ZeroconfDiscovery(
        cluster=config.node.cluster,
        node=config.node.id,
        endpoint_port=config.peer.listen.port,
        interfaces=_interfaces(config.peer.listen.host),
    )


def _interfaces(host: str) -> tuple[str, ...] | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if address.is_unspecified else (host,)
