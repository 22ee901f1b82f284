"""The actor that brings the database to this program's schema, as soon as it can be reached.

A node starts without the Data Center: it then records into its buffer until this has worked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import structlog

from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.audit.trail import NO_TRAIL
from recorder.errors import DataCenterDown
from recorder.ports.audit import AuditTrail
from recorder.records.audit import SYSTEM

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("migration")

RETRY_S = 3.0


@dataclass(frozen=True, slots=True)
class _Migrated:
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class _TryDue:
    """Time to try again."""


_Message: TypeAlias = _Migrated | _TryDue


class Migration:
    """Tries until it worked once; a schema newer than this program ends the node."""

    def __init__(
        self,
        *,
        me: Address[_Message],
        migrate: Callable[[], None],
        workers: Workers,
        clock: Clock,
        trail: AuditTrail = NO_TRAIL,
        schema: str = "",
    ) -> None:
        """`schema` is the revision that `migrate` brings the database to."""
        self._me = me
        self._migrate = migrate
        self._workers = workers
        self._clock = clock
        self._trail = trail
        self._schema = schema

    def on_start(self) -> None:
        """Try at once."""
        self._try()

    def on_stop(self) -> None:
        """Nothing is held."""

    def on_message(self, message: _Message) -> None:
        """See the union. Raises what the migration raised, but for an outage."""
        match message:
            case _TryDue():
                self._try()
            case _Migrated():
                self._migrated(message.outcome)
            case _:
                assert_never(message)

    def _migrated(self, outcome: Outcome[None]) -> None:
        match outcome:
            case Done():
                _log.info("schema_ready")
                if self._schema:
                    # Every start of every node tells it: what is on record is the first.
                    self._trail.record(
                        "schema_migrated",
                        "contact database",
                        SYSTEM,
                        {"revision": self._schema},
                        once=f"schema:{self._schema}",
                    )
            case Failed(error):
                if not isinstance(error, DataCenterDown):
                    raise error
                _log.warning("schema_waits", reason=str(error))
                self._clock.call_later(RETRY_S, self._me, _TryDue())

    def _try(self) -> None:
        self._workers.submit(self._migrate, self._me, _Migrated)
