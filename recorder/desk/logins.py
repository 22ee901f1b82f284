"""Which logins to the pages are over before their time: those that somebody logged out of, on either node.

A login is a signed cookie, which whoever has a copy may send. So what was ended is on record in the Data Center,
and each node asks for all of it at most every LOOK_S seconds while somebody uses its pages.
"""

from __future__ import annotations

import threading
from typing import Final

import structlog

from cluster.board import Board
from cluster.ports import Clock
from cluster.status import PairStatus
from recorder.errors import DataCenterError
from recorder.ports.logins import LoginDb

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("logins")

LOOK_S: Final = 2.0
MADE_MAX: Final = 10_000


class LoginDesk:
    """For the web server of one node; any thread. Without a database it knows what happened in this process."""

    def __init__(self, clock: Clock, board: Board, db: LoginDb | None) -> None:
        self._clock = clock
        self._board = board
        self._db = db
        self._lock = threading.Lock()
        self._first = threading.Lock()
        self._made: dict[str, None] = {}
        self._ended: dict[str, int] = {}
        """By id: until when it would have lasted. Of this node, for as long as the process lives."""
        self._untold: dict[str, int] = {}
        """Of those, what the Data Center does not have yet."""
        self._on_record: frozenset[str] | None = frozenset() if db is None else None
        """None until the Data Center answered once."""
        self._next_ns = 0

    def made(self, login_id: str) -> None:
        """Somebody logged in on this node."""
        with self._lock:
            self._made[login_id] = None
            while len(self._made) > MADE_MAX:
                del self._made[next(iter(self._made))]

    def is_over(self, login_id: str) -> bool | None:
        """Whether it was ended on either node; None when that cannot be told. May ask the Data Center.

        A node that could not ask since it started knows only logins that were made on it meanwhile. One that asked
        before goes on with what it knows.
        """
        self._look()
        with self._lock:
            if login_id in self._ended:
                return True
            if self._on_record is None:
                return False if login_id in self._made else None
            return login_id in self._on_record

    def end(self, login_id: str, until_us: int) -> bool:
        """It is over: on this node at once, on the other when it looks. False when the Data Center could not be told now.

        Then it is told as soon as it answers, while this process lives.
        """
        with self._lock:
            self._forget_old()
            self._ended[login_id] = until_us
            if self._db is not None:
                self._untold[login_id] = until_us
        return self._tell()

    def _look(self) -> None:
        with self._lock:
            if not self._is_due():
                return
            is_first = self._on_record is None
            if not is_first:
                self._looked()
        if not is_first:
            self._ask()
            return
        with self._first:  # whoever comes meanwhile waits for the first answer
            with self._lock:
                if not self._is_due():
                    return
            self._ask()
            with self._lock:
                self._looked()

    def _is_due(self) -> bool:
        """No request waits for a Data Center that is known to be away, but for the first answer."""
        if self._db is None or self._clock.monotonic_ns() < self._next_ns:
            return False
        if self._on_record is None:
            return True  # a node that starts does not know yet what it sees
        pair = self._board.read("pair", PairStatus)
        return pair is None or pair.sees_data_center

    def _looked(self) -> None:
        """Others go on with what is known while one asks."""
        self._next_ns = self._clock.monotonic_ns() + int(LOOK_S * 1e9)

    def _ask(self) -> None:
        assert self._db is not None
        self._tell()
        try:
            found = self._db.ended_logins(self._clock.wall_us())
        except DataCenterError as error:
            _log.warning("logins_not_checked", problem=str(error), hint=error.hint)
            return
        with self._lock:
            self._on_record = found

    def _tell(self) -> bool:
        with self._lock:
            waiting = dict(self._untold)
        for login_id, until_us in waiting.items():
            assert self._db is not None
            try:
                self._db.end_login(login_id, until_us, self._clock.wall_us())
            except DataCenterError as error:
                _log.warning("logout_not_recorded", problem=str(error), hint=error.hint)
                return False
            with self._lock:
                self._untold.pop(login_id, None)
        return True

    def _forget_old(self) -> None:
        now_us = self._clock.wall_us()
        for login_id in [one for one, until_us in self._ended.items() if until_us < now_us]:
            del self._ended[login_id]
            self._untold.pop(login_id, None)
