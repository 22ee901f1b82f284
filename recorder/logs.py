"""Logging: one line per event on stderr, for people or as JSON. Event names are stable."""

from __future__ import annotations

import logging
import os
import sys

import structlog

QUIET = (
    "httpx",
    "httpcore",
    "urllib3",
    "pyreqwest",
    "uvicorn",
    "uvicorn.error",
    "sqlalchemy",
    "alembic",
    "zeroconf",
    "pykka",
    "asyncio",
    "websockets",
)
"""Libraries whose INFO would repeat per request, or show signed addresses."""


def configure_logs(level: str, form: str, *, node: str, label: str = "node") -> None:
    """Send structlog and the standard library's logging through one formatter. May be repeated.

    Every line names `node`, as `label`.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _with_name(label, node),
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
            pad_event_to=24,
            # The fancy formatter prints local variables: tokens and signed addresses among them.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _with_name(label: str, name: str) -> structlog.types.Processor:
    def add(
        _logger: object, _method: str, event: structlog.types.EventDict
    ) -> structlog.types.EventDict:
        event.setdefault(label, name)
        return event

    return add
