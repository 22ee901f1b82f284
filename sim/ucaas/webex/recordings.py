"""The end points of converged recordings: listings, details, metadata, and what may be done to them."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

from sim.ucaas.faults import FaultKind
from sim.ucaas.http import Request, Response
from sim.ucaas.trouble import SPOILING
from sim.ucaas.webex import life
from sim.ucaas.webex.ask import Ask
from sim.ucaas.webex.environment import Environment
from sim.ucaas.webex.errors import JSON, Refusal, answer_json, bad, not_found
from sim.ucaas.webex.files import AUDIO, LINK_LIFE_S, TRANSCRIPT
from sim.ucaas.webex.instants import SECOND_US, seconds_text, zone_of
from sim.ucaas.webex.listing import Quirks, page_of, wanted_of
from sim.ucaas.webex.metadata import metadata_of
from sim.ucaas.webex.oauth import ADMIN, COMPLIANCE, USER, Authority, ClientApp, json_object
from sim.ucaas.webex.people import Owner, owner
from sim.ucaas.webex.scripts import KINDS
from sim.ucaas.webex.shelf import PURGED, Row

BULK = ("softDelete", "restore", "purge", "reassign")
_BULK_MAX = 100
_ALL = {"softDelete": "trashAll", "restore": "restoreAll", "purge": "purgeAll"}
_EMAILS_MAX = 200
_ACTIONS = {"softDelete": life.trash, "restore": life.restore, "purge": life.purge}


class Recordings:
    """Answers requests of a known client. Not thread-safe: the service locks."""

    def __init__(
        self, *, env: Environment, authority: Authority, api_url: str, dashed_ids: bool
    ) -> None:
        self._env = env
        self._authority = authority
        self._api_url = api_url
        self._dashed = dashed_ids

    def listing(self, ask: Ask) -> Response:
        """A page, newest first. Raises Refusal."""
        everybody = "/admin/" in ask.request.path
        if everybody and ask.client.role not in {ADMIN, COMPLIANCE}:
            raise Refusal(403, "The listing is for admins and compliance officers.")
        given, expired = ask.given, ask.fault(FaultKind.PAGE_EXPIRED)
        if expired is not None and "offset" in given:
            raise Refusal(int(expired.number("status", 400)), "The page is not there any more.")
        wanted = wanted_of(given, ask.service_us, everybody=everybody)
        rows = self._env.shelf.newest_first(wanted)
        if not everybody:
            me = self._authority.person_of(ask.client)
            rows = (row for row in rows if row.owner.key == me.key)
        quirks = Quirks(
            ask.fault(FaultKind.REPEAT_ROWS) is not None,
            ask.fault(FaultKind.EMPTY_PAGE) is not None,
            ask.fault(FaultKind.LOST_PARAMETERS) is not None,
        )
        page = page_of(rows, given, f"{self._api_url}{ask.request.path}", quirks)
        zone = _zone(ask.request)
        if SPOILING.isdisjoint(fault.kind for fault in ask.struck):
            for row in page.rows:
                self._env.truth.listed(self._env.source, row.key, ask.service_us)
        headers = (("Link", page.link),) if page.link else ()
        items = [row.shown(zone, dashed=self._dashed) for row in page.rows]
        return answer_json(200, {"items": items}, headers)

    def details(self, ask: Ask) -> Response:
        """One recording, with links for those who may download. Raises Refusal."""
        row = self._visible(_key(ask), ask.client)
        shown = row.shown(_zone(ask.request), dashed=self._dashed)
        if ask.fault(FaultKind.NO_LINK) is None and self._may_download(row, ask.client):
            shown["temporaryDirectDownloadLinks"] = self._links(row, ask)
        wrong = ask.fault(FaultKind.WRONG_SIZE)
        if wrong is not None:
            shown["sizeBytes"] = max(1, shown["sizeBytes"] + int(wrong.number("by", 1000)))
        return answer_json(200, shown)

    def metadata(self, ask: Ask) -> Response:
        """Who called whom; 204 when there is nothing to tell. Raises Refusal."""
        row = self._visible(_key(ask), ask.client)
        if ask.fault(FaultKind.NO_METADATA) is not None:
            return Response(204, (("Content-Type", JSON),))
        all_types = ask.given.get("showAllTypes", "false").lower() == "true"
        return answer_json(200, metadata_of(row, org=self._env.org, all_types=all_types))

    def change(self, ask: Ask) -> Response:
        """Delete one, or do something to many. Raises Refusal."""
        what = ask.request.path.rpartition("/")[2]
        return self._bulk(ask, what) if what in BULK else self._delete(ask)

    def _delete(self, ask: Ask) -> Response:
        row = self._visible(_key(ask), ask.client)
        if ask.client.role == ADMIN:
            raise Refusal(403, "Admins move recordings into the recycle bin.")
        given = json_object(ask.request.body or b"{}")
        if ask.client.role == COMPLIANCE and not given.get("reason"):
            raise bad("reason is required.")
        life.delete(self._env, row, ask.now_us)
        return Response(204)

    def _bulk(self, ask: Ask, what: str) -> Response:
        """Those that are not there are passed over."""
        given = json_object(ask.request.body)
        to = self._reassigned_to(given) if what == "reassign" else None
        for row in self._meant(given, what, ask.client):
            if to is not None:
                row.owner = to
                life.tell(self._env, "updated", row, ask.now_us)
            else:
                _ACTIONS[what](self._env, row, ask.now_us)
        return Response(204)

    # -- who may see what ----

    def _visible(self, key: str, client: ClientApp) -> Row:
        row = self._env.shelf.get(key)
        if row is None or (row.status == PURGED and client.role != COMPLIANCE):
            raise not_found("The recording")
        if client.role == USER and row.owner.key != self._authority.person_of(client).key:
            raise not_found("The recording")
        return row

    def _may_download(self, row: Row, client: ClientApp) -> bool:
        if row.audio is None or row.download_prevented:
            return False
        owns = row.owner.key == self._authority.person_of(client).key
        return client.role == COMPLIANCE or (client.role == USER and owns)

    def _links(self, row: Row, ask: Ask) -> dict[str, str]:
        now_us, client = ask.service_us, ask.client.client_id

        def link(kind: str) -> str:
            return self._env.files.link(client, row.key, kind, now_us)

        links = {"audioDownloadLink": link(AUDIO)}
        if row.transcript is not None:
            links["transcriptDownloadLink"] = link(TRANSCRIPT)
        if row.script.notes:
            links["suggestedNotesDownloadLink"] = f"{self._api_url}/_notes/{row.key}"
        return links | {"expiration": seconds_text(now_us + int(LINK_LIFE_S * SECOND_US))}

    # -- many at once ----

    def _meant(self, given: dict[str, Any], what: str, client: ClientApp) -> list[Row]:
        ids = cast("object", given.get("recordingIds", []))
        if not isinstance(ids, list) or len(cast("list[object]", ids)) > _BULK_MAX:
            raise bad(f"recordingIds must be a list of at most {_BULK_MAX} ids.")
        email = str(given.get("ownerEmail", ""))
        if given.get(_ALL.get(what, ""), False) is True or (what == "reassign" and not ids):
            if client.role != USER and not email:
                raise bad("ownerEmail is required.")
            mine = email or self._authority.person_of(client).email
            return [row for row in self._env.shelf if row.owner.email == mine]
        if not ids:
            raise bad("recordingIds are required.")
        found = (self._env.shelf.get(str(key)) for key in cast("list[object]", ids))
        return [row for row in found if row is not None and self._is_allowed(row, client)]

    def _is_allowed(self, row: Row, client: ClientApp) -> bool:
        try:
            self._visible(row.key, client)
        except Refusal:
            return False
        return True

    def _reassigned_to(self, given: dict[str, Any]) -> Owner:
        email = given.get("reassignOwnerEmail")
        for kind in KINDS:
            for number in range(_EMAILS_MAX):
                found = owner(self._env.seed, number, kind)
                if found.email == email:
                    return found
        raise bad("reassignOwnerEmail is nobody's.")


def _key(ask: Ask) -> str:
    """The id in `/v1/convergedRecordings/<id>` or `/v1/convergedRecordings/<id>/metadata`."""
    return ask.request.path.split("/")[3]


def _zone(request: Request) -> ZoneInfo:
    name = request.headers.get("timezone", "UTC")
    zone = zone_of(name)
    if zone is None:
        raise bad(f"There is no time zone '{name}'.")
    return zone
