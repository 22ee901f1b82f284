"""The end points that register webhooks."""

from __future__ import annotations

from sim.ucaas.http import Response
from sim.ucaas.webex.ask import Ask
from sim.ucaas.webex.errors import Refusal, answer_json
from sim.ucaas.webex.hooks import Hooks
from sim.ucaas.webex.oauth import Authority, json_object

_SIZE_DEFAULT = 100


class HookDesk:
    """Answers for webhooks. Not thread-safe: the service locks."""

    def __init__(self, *, hooks: Hooks, authority: Authority) -> None:
        self._hooks = hooks
        self._authority = authority

    def answer(self, ask: Ask) -> Response:
        """List, create, show, change or delete. Raises Refusal."""
        key = ask.request.path.removeprefix("/v1/webhooks").strip("/")
        return self._one(ask, key) if key else self._all(ask)

    def _all(self, ask: Ask) -> Response:
        mine = ask.client.client_id
        match ask.request.method:
            case "GET":
                size = ask.given.get("max", "")
                found = self._hooks.of(mine, org_only=ask.given.get("ownedBy") == "org")
                shown = found[: int(size) if size.isdecimal() else _SIZE_DEFAULT]
                return answer_json(200, {"items": [hook.shown() for hook in shown]})
            case "POST":
                made = self._hooks.create(
                    json_object(ask.request.body),
                    client=mine,
                    person=self._authority.person_of(ask.client).key,
                    now_us=ask.service_us,
                )
                return answer_json(200, made.shown())
            case _:
                raise Refusal(405, "The method is not supported.")

    def _one(self, ask: Ask, key: str) -> Response:
        mine = ask.client.client_id
        match ask.request.method:
            case "GET":
                return answer_json(200, self._hooks.get(key, mine).shown())
            case "PUT":
                changed = self._hooks.change(key, mine, json_object(ask.request.body))
                return answer_json(200, changed.shown())
            case "DELETE":
                self._hooks.remove(key, mine)
                return Response(204)
            case _:
                raise Refusal(405, "The method is not supported.")
