"""The process of one node: signals, readiness, reload, and an orderly end. Nothing else.

SIGTERM and SIGINT hand the role over, then stop (a second one stops at once); SIGHUP checks the
configuration file and applies what can change while running; SIGUSR1 dumps every thread's stack.
All signals are blocked before the first thread starts and waited for here, so no handler ever runs
in the middle of something else.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import structlog

from cluster.errors import NodeIdTaken
from cluster.status import PairStatus
from recorder.adapters.sd_notify import notify
from recorder.config import Config, load_config
from recorder.errors import ConfigError, SchemaTooNew
from recorder.figures import figures
from recorder.instants import duration_text
from recorder.logs import configure_logs
from recorder.node import Node
from recorder.traps import trap_from
from recorder.web.health import liveness

_log = structlog.get_logger(__name__)

EXIT_CRASHED = 70
EXIT_USAGE = 2
EXIT_STOPPED_AT_ONCE = 1
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
_LOOK_EVERY_S = 1.0
_STOPPING_LOOK_S = 0.05
_STOP_LIMIT_S = 80.0
_RELOADABLE = ("log",)


def run_node(path: Path, trace: Path | None = None) -> int:
    """Run until told to stop; returns the exit status. With `trace`, what happens is written there.

    Raises RecorderError or ClusterError, saying what to mend, before anything was started.
    """
    if sys.flags.optimize:
        raise ConfigError(
            "Tandem does not run under python -O: its assertions are part of it.",
            hint="Start it without -O and without PYTHONOPTIMIZE.",
        )
    config = load_config(path)
    configure_logs(config.log.level, config.log.format, node=config.node.id)
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    threading.excepthook = _thread_crashed
    allow_open_files()
    node = Node(config, on_crash=crash, trap=trap_from(os.environ), trace=trace)
    node.start()
    _log.info("node_started", web=str(node.web_endpoint), peer=str(node.peer_endpoint))
    notify("READY=1")
    return _Process(path, config, node).run()


def allow_open_files() -> int:
    """As many as the system lets this process have; returns how many.

    Each desktop that records is two of them, and the usual soft limit of 1024 is that of 500 desktops.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # a system may refuse what it calls allowed
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft


def crash(actor: str, error: BaseException) -> None:
    """Crash-only: say what happened and end the process at once; the peer takes over.

    The process ends even when it cannot be said.
    """
    status = EXIT_USAGE if isinstance(error, SchemaTooNew | NodeIdTaken) else EXIT_CRASHED
    try:
        notify(f"STATUS=crashed in {actor}")
        if isinstance(error, SchemaTooNew | NodeIdTaken):
            sys.stderr.write(f"tandem: {error}\n        {error.hint}\n")
        else:
            _log.critical("node_crashed", actor=actor, error=repr(error), exc_info=error)
            sys.stderr.write(
                f"tandem: the actor {actor} failed: {error!r}; this node stops, its peer takes over.\n"
                "        Start it again; if it fails again, see the stack above.\n"
            )
        sys.stderr.flush()
    finally:
        os._exit(status)


def _thread_crashed(arguments: threading.ExceptHookArgs) -> None:
    """A thread nobody watches (timers, sockets) counts as an actor."""
    name = arguments.thread.name if arguments.thread else "a thread"
    crash(name, arguments.exc_value or arguments.exc_type())


class _Process:
    """The loop of the main thread."""

    def __init__(self, path: Path, config: Config, node: Node) -> None:
        self._path = path
        self._config = config
        self._node = node
        self._stopping_looks = 0
        self._stopping = False

    def run(self) -> int:
        while True:
            pause_s = _STOPPING_LOOK_S if self._stopping else _LOOK_EVERY_S
            received = signal.sigtimedwait(_HANDLED, pause_s)
            if received is not None:
                self._handle(received.si_signo)
            if self._stopping:
                self._stopping_looks += 1
                waited_s = self._stopping_looks * _STOPPING_LOOK_S
                if self._node.may_stop() or waited_s > _STOP_LIMIT_S:
                    self._node.stop()
                    _log.info("node_stopped")
                    return 0
            else:
                self._report()

    def _handle(self, number: int) -> None:
        match number:
            case signal.SIGTERM | signal.SIGINT:
                if self._stopping:
                    # Nothing is lost: what is on disk is durable, and the peer sees the process end.
                    _log.warning("stopping_at_once")
                    os._exit(EXIT_STOPPED_AT_ONCE)
                self._stopping = True
                notify("STOPPING=1\nSTATUS=handing over")
                _log.info("stopping", signal=signal.Signals(number).name)
                self._node.begin_stop()
            case signal.SIGHUP:
                self._reload()
            case _:
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)

    def _reload(self) -> None:
        notify("RELOADING=1")
        try:
            fresh = load_config(self._path)
        except ConfigError as error:
            _log.error("reload_refused", problem=str(error), hint=error.hint)
        else:
            changed = [
                name
                for name in Config.model_fields
                if getattr(fresh, name) != getattr(self._config, name)
            ]
            needs_restart = [name for name in changed if name not in _RELOADABLE]
            configure_logs(fresh.log.level, fresh.log.format, node=fresh.node.id)
            self._config = self._config.model_copy(update={"log": fresh.log})
            _log.info("reloaded", changed=changed, needs_restart=needs_restart)
        notify("READY=1")

    def _report(self) -> None:
        board, now_ns = self._node.control.board, self._node.control.clock.monotonic_ns()
        if liveness(board, now_ns).ok:
            notify("WATCHDOG=1")
        pair = board.read("pair", PairStatus)
        if pair is not None:
            told = figures(board, self._node.control.clock.wall_us())
            behind = duration_text(told["lag_s"]) if "lag_s" in told else "unknown"
            queued = int(told.get("queue_depth", 0))
            notify(
                f"STATUS={pair.role.value}, term {pair.term}, lag {behind}, {queued} in hand"
                f"{', PAUSED' if pair.paused else ''}"
            )
