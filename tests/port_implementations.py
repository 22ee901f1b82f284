"""Every port of a node, and what implements it for real and in the simulator."""

PORT_MODULES = (
    "cluster.ports",
    "recorder.ports.recording",
    "recorder.ports.proof",
    "recorder.ports.audit",
    "recorder.ports.certificates",
    "recorder.ports.retention",
    "recorder.ports.scrub",
    "recorder.ports.screens",
    "recorder.ports.logins",
)
PORT_FILES = tuple(f"{name.replace('.', '/')}.py" for name in PORT_MODULES)
PARTS_OF_OTHER_PORTS = {
    "AuditTrail": "the door to AuditDb: whoever goes through it tells an actor",
    "Address": "given out by Runtime",
    "AgentStates": "what some data sources can besides",
    "Behaviour": "hosted by Runtime, implemented by every actor",
    "Timer": "given out by Clock",
    "Connection": "given out by Transport",
    "MediaSink": "handed to MediaFetcher",
    "PartFile": "given out by BufferFiles",
}
IMPLEMENTATIONS = {
    "AgentEventDb": (
        "recorder.adapters.contact_db.agent_events.SqlAgentEventDb",
        "sim.tables.agent_events.MemoryAgentEventDb",
    ),
    "ScreenDb": (
        "recorder.adapters.contact_db.screens.SqlScreenDb",
        "sim.tables.screens.MemoryScreenDb",
    ),
    "ScreenFiles": (
        "recorder.adapters.scn_files.DiskScreenFiles",
        "sim.stand_ins.screen_files.MemoryScreenFiles",
    ),
    "Archive": (
        "recorder.adapters.folder_archive.FolderArchive",
        "sim.tables.data_center.MemoryArchive",
    ),
    "AuditAnchor": (
        "recorder.adapters.audit_anchor.AuditAnchorFile",
        "sim.tables.audit.MemoryAuditAnchor",
    ),
    "AuditDb": ("recorder.adapters.contact_db.audit.SqlAuditDb", "sim.tables.audit.MemoryAuditDb"),
    "BufferFiles": (
        "recorder.adapters.buffer_files.DiskBufferFiles",
        "sim.stand_ins.buffer.SimBufferFiles",
    ),
    "CertificateDb": (
        "recorder.adapters.contact_db.certificates.SqlCertificateDb",
        "sim.tables.certificates.MemoryCertificateDb",
    ),
    "Clock": ("cluster.adapters.real_clock.RealClock", "sim.clockwork.clock.SimClock"),
    "CertificateWork": (
        "recorder.adapters.contact_db.certificate_requests.SqlCertificateWork",
        "sim.tables.certificate_requests.MemoryCertificateWork",
    ),
    "ContactDb": (
        "recorder.adapters.contact_db.db.SqlContactDb",
        "sim.tables.data_center.MemoryContactDb",
    ),
    "Das": ("recorder.adapters.contact_db.das.SqlDas", "sim.tables.das.MemoryDas"),
    "DesktopLinks": (
        "recorder.adapters.desktop_links.DesktopSockets",
        "sim.stand_ins.desktop_links.MemoryDesktopLinks",
    ),
    "Discovery": (
        "cluster.adapters.zeroconf_discovery.ZeroconfDiscovery",
        "sim.stand_ins.discovery.SimDiscovery",
    ),
    "DropFolder": (
        "recorder.adapters.drop_folder.DiskDropFolder",
        "sim.stand_ins.drop_folder.MemoryDropFolder",
    ),
    "FindingsDb": (
        "recorder.adapters.contact_db.findings.SqlFindingsDb",
        "sim.tables.findings.MemoryFindingsDb",
    ),
    "Journal": ("recorder.adapters.journal_file.JournalFile", "sim.stand_ins.buffer.SimJournal"),
    "Lease": ("recorder.adapters.lease_db.SqlLease", "sim.stand_ins.lease.SimLease"),
    "LoginDb": (
        "recorder.adapters.contact_db.logins.SqlLoginDb",
        "sim.tables.logins.MemoryLoginDb",
    ),
    "MediaFetcher": (
        "recorder.adapters.media_fast.FastMediaFetcher",
        "recorder.adapters.media_httpx.HttpxMediaFetcher",
    ),
    "NodeStateStore": (
        "cluster.adapters.state_file.StateFile",
        "sim.stand_ins.node_state.SimNodeStateStore",
    ),
    "ProgressStore": (
        "recorder.adapters.progress_file.ProgressFile",
        "sim.stand_ins.progress.MemoryProgress",
    ),
    "RecoveryDb": (
        "recorder.adapters.contact_db.recoveries.SqlRecoveryDb",
        "sim.tables.recoveries.MemoryRecoveryDb",
    ),
    "RetentionDb": (
        "recorder.adapters.contact_db.retention.SqlRetentionDb",
        "sim.tables.retention.MemoryRetentionDb",
    ),
    "Randomness": (
        "cluster.adapters.real_randomness.RealRandomness",
        "sim.clockwork.randomness.SimRandomness",
    ),
    "Runtime": (
        "cluster.adapters.thread_runtime.ThreadRuntime",
        "sim.clockwork.runtime.SimRuntime",
    ),
    "ScrubDb": (
        "recorder.adapters.contact_db.scrubs.SqlScrubDb",
        "sim.tables.scrub.MemoryScrubDb",
    ),
    "Secrets": (
        "recorder.adapters.secrets.FileSecrets",
        "sim.stand_ins.memory_secrets.MemorySecrets",
    ),
    "Signer": ("recorder.adapters.signing_key.FileSigner", "sim.tables.certificates.MemorySigner"),
    "Transport": (
        "cluster.adapters.tcp_transport.TcpTransport",
        "sim.stand_ins.transport.SimTransport",
    ),
    "Workers": (
        "cluster.adapters.thread_workers.ThreadWorkers",
        "sim.clockwork.workers.SimWorkers",
    ),
}
"""Real first; the other one runs in the simulator."""
