"""A private PostgreSQL server for tests, where its programs are installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

MISSING = "PostgreSQL is not installed: no initdb and postgres in PATH or /usr/lib/postgresql/*/bin"
USER = "postgres"


def find_programs() -> Path | None:
    """The directory of the newest `initdb` that has `postgres` beside it."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    in_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    for directory in (*reversed(installed), *in_path):
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    return None


class PostgresServer:
    """One server in a directory of its own, on a port of its own; not durable, hence fast."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not below pytest's directory: another user must be able to walk into it.
        self._home = Path(tempfile.mkdtemp(prefix="tandem-pg-", dir="/tmp"))
        self._data = self._home / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        if os.geteuid() == 0:
            shutil.chown(self._home, USER, USER)
        self._run("initdb", "-D", self._data, "-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start, and wait until it answers."""
        arguments = ["-D", self._data, "-p", str(self.port), "-k", self._home]
        for setting in (
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "full_page_writes=off",
            "max_connections=60",
            "shared_buffers=32MB",
        ):
            arguments += ["-c", setting]
        log = (self._home / "log").open("ab")
        self._process = subprocess.Popen(
            self._as_user("postgres", *arguments), stdout=log, stderr=log, cwd=self._home
        )
        log.close()
        self._wait_for_answer()

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        if self._process is not None:
            self.thaw()
            os.kill(self._first_process(), signal.SIGQUIT)
            self._process.wait(20)
            self._process = None

    def freeze(self) -> None:
        """Stop every process of the server: connections stay, nothing answers."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The first process, then its children."""
        first = self._first_process()
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def _first_process(self) -> int:
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def url(self, database: str) -> str:
        """For `open_engine`."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database like `template`; returns its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return name

    def empty_database(self, name: str) -> None:
        """Delete every row but the revision of its schema, when whoever is connected was put out."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("SET session_replication_role = replica")  # no foreign keys now
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version' ORDER BY tablename"
            ).fetchall()
            delete = sql.SQL("DELETE FROM {}")
            with connection.transaction():
                for (table,) in found:
                    connection.execute(delete.format(sql.Identifier(table)))

    def drop_database(self, name: str) -> None:
        """Remove it, whoever is connected."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def _wait_for_answer(self) -> None:
        assert self._process is not None
        for _ in range(200):
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                try:
                    code = self._process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                log = (self._home / "log").read_text(errors="replace")
                raise AssertionError(f"PostgreSQL ended with {code}:\n{log}") from None
            else:
                return
        raise AssertionError("PostgreSQL does not answer")

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            self._as_user(program, *arguments), check=True, capture_output=True, cwd=self._home
        )

    def _as_user(self, program: str, *arguments: object) -> list[str]:
        """PostgreSQL refuses to run as root."""
        command = [str(self._programs / program), *map(str, arguments)]
        if os.geteuid() != 0:
            return command
        return [
            "setpriv",
            f"--reuid={USER}",
            f"--regid={USER}",
            "--clear-groups",
            "--pdeathsig=KILL",
            *command,
        ]
