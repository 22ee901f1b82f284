"""How often somebody may try to log in: wrong tokens cost time, so that guessing leads nowhere.

Counted by address, and over all addresses: behind a load balancer everybody has the same one, and somebody
with many addresses has many. A right token gives its try back.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

ONE_TRIES: Final = 5
ONE_PER_S: Final = 0.1
ALL_TRIES: Final = 50
ALL_PER_S: Final = 1.0
_ADDRESSES_MAX: Final = 4096


class _Bucket:
    def __init__(self, tries: float, per_s: float) -> None:
        self._tries, self._most, self._per_s, self._at_ns = tries, tries, per_s, 0

    def wait_s(self, now_ns: int) -> float:
        """How long until one may be taken; 0 when at once."""
        gained = (now_ns - self._at_ns) / 1e9 * self._per_s
        self._tries, self._at_ns = min(self._most, self._tries + max(0.0, gained)), now_ns
        return max(0.0, (1.0 - self._tries) / self._per_s)

    def take(self, number: int) -> None:
        self._tries = min(self._most, self._tries - number)


class LoginPatience:
    """Any thread. `now_ns` is a clock that never jumps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all = _Bucket(ALL_TRIES, ALL_PER_S)
        self._by_address: OrderedDict[str, _Bucket] = OrderedDict()

    def begin(self, address: str, now_ns: int) -> float:
        """Take a try; a positive answer refuses it and says for how many seconds."""
        with self._lock:
            own = self._of(address)
            wait_s = max(own.wait_s(now_ns), self._all.wait_s(now_ns))
            if wait_s <= 0:
                own.take(1)
                self._all.take(1)
            return wait_s

    def was_right(self, address: str) -> None:
        """Give the try back."""
        with self._lock:
            self._of(address).take(-1)
            self._all.take(-1)

    def _of(self, address: str) -> _Bucket:
        found = self._by_address.pop(address, None) or _Bucket(ONE_TRIES, ONE_PER_S)
        self._by_address[address] = found
        if len(self._by_address) > _ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        return found
