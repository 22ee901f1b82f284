"""What logins to the pages need from the world, as a protocol; see `recorder/ports/recording.py`."""

from __future__ import annotations

from typing import Protocol


class LoginDb(Protocol):
    """Logins that ended before their time, in the Data Center. Raises DataCenterDown or DataCenterError. Any thread."""

    def end_login(self, login_id: str, until_us: int, now_us: int) -> None:
        """On record: this login, which would have lasted until an instant, is over. Forgets what is long over anyway."""
        ...

    def ended_logins(self, now_us: int) -> frozenset[str]:
        """Ids of logins that were ended and would still last."""
        ...
