"""A small client of the admin API, for commands, the demo and tests."""

from __future__ import annotations

from typing import Any, cast

import httpx

from sim.truth import TruthItem, from_json
from sim.ucaas.statistics import Poll


def fake_variable(source: str) -> str:
    """The environment variable with the address of the fake of this source."""
    return f"TANDEM_FAKE_{source.upper().replace('-', '_')}"


class SimError(Exception):
    """Raised when the simulated service refuses an order; the message says why."""


class NoFake(Exception):
    """Raised when whatever answers, if anything can be there at all, is no simulated service."""


class SimAdmin:
    """Orders and questions to a running fake. Raises SimError, NoFake or httpx.TransportError."""

    def __init__(
        self, url: str, *, transport: httpx.BaseTransport | None = None, verify: Any = True
    ) -> None:
        try:
            self._http = httpx.Client(
                base_url=url, transport=transport, verify=verify, timeout=10.0, trust_env=False
            )
        except httpx.InvalidURL as error:
            raise NoFake(f"{url} is no address") from error

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = self._http.request(method, f"/_sim/{path}", json=body)
            value: Any = answer.json()
        except (httpx.UnsupportedProtocol, ValueError) as error:
            raise NoFake(f"{self._http.base_url} is no fake service") from error
        if answer.is_error:
            said: object = (
                cast("dict[str, object]", value).get("error") if isinstance(value, dict) else None
            )
            if not isinstance(said, str):
                raise NoFake(f"{self._http.base_url} is no fake service")
            raise SimError(said)
        return value

    def add_fault(
        self,
        kind: str,
        *,
        requests: tuple[str, ...] = (),
        client: str = "",
        item: str = "",
        count: int | None = None,
        for_s: float | None = None,
        **parameters: str | float | bool,
    ) -> int:
        """Switch a fault on; returns its number, 0 for a momentary one."""
        body = {
            "kind": kind,
            "requests": requests,
            "client": client,
            "item": item,
            "count": count,
            "for_s": for_s,
            "parameters": parameters,
        }
        return int(self._ask("POST", "faults", body)["number"])

    def remove_fault(self, number: int) -> bool:
        """Switch one off; False when it is over already."""
        return bool(self._ask("DELETE", f"faults/{number}")["removed"])

    def clear_faults(self) -> int:
        """Switch all off; returns how many there were."""
        return int(self._ask("DELETE", "faults")["removed"])

    def faults(self) -> list[dict[str, Any]]:
        """The active ones."""
        return list(self._ask("GET", "faults"))

    def place_calls(self, *calls: dict[str, Any]) -> list[dict[str, Any]]:
        """Place calls as in `CallBody` of Dynamics or Webex; returns their ids."""
        return self.place({"calls": calls})

    def place(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Place what is asked for in the words of this service, as its `orders` module has them."""
        return list(self._ask("POST", "calls", body)["placed"])

    def place_mix(
        self,
        count: int,
        *,
        over_s: float = 0.0,
        seed: int = 1,
        **options: float | tuple[float, float],
    ) -> list[dict[str, Any]]:
        """Place drawn calls or meetings; `options` as in `MixOptions` of the service."""
        mix = {"seed": seed, "count": count, "over_s": over_s, "options": options}
        return self.place({"mix": mix})

    def feed(
        self, calls_per_minute: float, *, seed: int = 1, **options: float | tuple[float, float]
    ) -> None:
        """Let calls come at random from now on; a rate of 0 stops."""
        mix = {"seed": seed, "calls_per_minute": calls_per_minute, "options": options}
        self._ask("POST", "calls", {"mix": mix})

    def delete_recording(self, key: str) -> bool:
        """Delete a recording at the source; False when there is none."""
        return bool(self._ask("DELETE", f"recordings/{key}")["removed"])

    def statistics(self) -> dict[str, Any]:
        """Requests by client, kind and status."""
        return dict(self._ask("GET", "statistics"))

    def polls(self, after: int = 0) -> tuple[Poll, ...]:
        """Every listing of recordings with a number above `after`."""
        return tuple(Poll(**poll) for poll in self._ask("GET", f"polls?after={after}"))

    def truth(self) -> tuple[TruthItem, ...]:
        """Everything offered so far."""
        return from_json(self._ask("GET", "truth"))

    def clock(self) -> dict[str, int]:
        """The service's clocks."""
        return dict(self._ask("GET", "clock"))
