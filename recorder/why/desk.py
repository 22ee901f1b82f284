"""Reads what is known of an id, a time or an agent, wherever it lies, for `recorder.why.composed` to compose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from cluster.ports import Clock
from recorder.desk.hold_reach import holds_on
from recorder.errors import RecorderError
from recorder.lookup import lookup_of
from recorder.model import ItemRef, ItemState, SourceProgress, Window
from recorder.ports.proof import FindingsDb, RecoveryDb
from recorder.ports.recording import ContactDb, DataSource
from recorder.ports.retention import RetentionDb
from recorder.records.contacts import ContactQuery, ContactRow, HistoryRow, ItemRow
from recorder.records.findings import FindingQuery, FindingRow
from recorder.records.recoveries import RecoveryRow
from recorder.records.retention import Deletion, DeletionQuery, Hold
from recorder.recover.causes import Times, not_here
from recorder.why.composed import (
    About,
    Around,
    Asked,
    Explanation,
    of_agent,
    of_contacts,
    of_deletion,
    of_finding,
    of_items,
    of_nobody,
    of_recovery,
    of_time,
)

WITHIN_S: Final = 1800.0
"""Before and after an instant that is asked about."""
_ROWS: Final = 50
_PAGE: Final = 500
_COUNTED_MAX: Final = 5_000
"""Contacts and items around an instant that are looked at; of more it is said that there are more."""
_ROLES: Final = 1_000
_SPANS: Final = 200
T = TypeVar("T")
_CODE: Final = re.compile(r"[RFC]-[0-9]{8}-\S+")
_DAY_US: Final = 86_400 * 1_000_000
_SPANS_BACK_US: Final = 30 * _DAY_US


@dataclass(frozen=True, slots=True)
class WhyDesk:
    """Of one running node. Calls block; they raise DataCenterError."""

    contact_db: ContactDb
    findings: FindingsDb
    recoveries: RecoveryDb
    retention: RetentionDb | None
    clock: Clock
    sources: Mapping[str, DataSource] = field(repr=False)

    # -- an id ----

    def about_id(self, key: str, source: str | None, *, ask_source: bool) -> Explanation:
        """Item, conversation, meeting number, media, contact, recovery, finding or hash of a file."""
        found = (
            self._by_code(key)
            or self._by_item(key, source)
            or self._by_contact(key, source)
            or self._by_subject(key, source)
        )
        if found is not None:
            return found
        names = [name for name in sorted(self.sources) if source in {None, name}]
        asked = [self._ask(name, key) for name in names] if ask_source else []
        listed = [one for one in self.contact_db.load_progress() if source in {None, one.source}]
        return of_nobody(key, listed, asked, can_ask=bool(names))

    def _by_item(self, key: str, source: str | None) -> Explanation | None:
        rows = self.contact_db.item(source, key) or self._behind(key, source)
        return of_items(rows, self._about_items(rows)) if rows else None

    def _by_contact(self, key: str, source: str | None) -> Explanation | None:
        """One that is here, was deleted, or is found by a name or a number in it."""
        called = self.contact_db.contacts_called(key)
        gone = () if called else self._deletions(key)
        if gone:
            return of_deletion(gone[0])
        rows = called or self._in_text(key, source)
        return of_contacts(rows, self._about_contacts(rows)) if rows else None

    def _by_subject(self, key: str, source: str | None) -> Explanation | None:
        rows = self.findings.findings(FindingQuery(source=source, subject=key)).rows
        return of_finding(rows[0], (), About(findings=rows[1:])) if rows else None

    def item_about(self, row: ItemRow) -> About:
        """What is on record beside the story of an item."""
        return self._about_items((row,))

    def _by_code(self, key: str) -> Explanation | None:
        if not _CODE.fullmatch(key):
            return None
        recovery = self.recoveries.recovery(key)
        if recovery is not None:
            window = recovery.window
            rows: tuple[FindingRow, ...] = ()
            if window is not None:
                query = FindingQuery(
                    source=recovery.source,
                    from_us=window.from_us,
                    to_us=window.to_us,
                    about_only=True,
                )
                found = self.findings.findings(query).rows
                rows = tuple(row for row in found if row.recovery_id == key)
            return of_recovery(recovery, rows)
        finding = self.findings.finding(key)
        if finding is None:
            return None
        items = self.findings.known(finding.source, [finding.subject])
        about = self._about_items(items) if items else About(recoveries=self._fetching([finding]))
        others = tuple(one for one in about.findings if one.finding_id != key)
        return of_finding(
            finding, items, About(others, about.deletions, about.holds, about.recoveries)
        )

    def _behind(self, key: str, source: str | None) -> tuple[ItemRow, ...]:
        spoken = re.sub(r"[ -]", "", key)
        for text in dict.fromkeys((key, spoken if spoken.isdigit() else key)):
            found = self.findings.items_behind(text, _ROWS)
            rows = tuple(row for row in found if source in {None, row.ref.source})
            if rows:
                return rows
        return ()

    def _in_text(self, key: str, source: str | None) -> tuple[ContactRow, ...]:
        return self.contact_db.contacts(ContactQuery(source=source, text=key, limit=10)).rows

    # -- a time, an agent ----

    def about_time(
        self, at_us: int, source: str | None, agent: str, *, within_s: float = WITHIN_S
    ) -> Explanation:
        """What was recorded around an instant, and what was so then."""
        around_us = int(within_s * 1_000_000)
        window = Window(at_us - around_us, at_us + around_us)
        contacts, more = self._contacts_in(window, source, agent)
        progress = [one for one in self.contact_db.load_progress() if source in {None, one.source}]
        absent = [row for one in progress for row in self._absent(one.source, window)]
        counts = Counter("parked" if row.parked else row.state for row in absent)
        query = FindingQuery(source=source, from_us=window.from_us, to_us=window.to_us)
        return of_time(
            Around(
                window=window,
                at_us=at_us,
                sources=tuple(progress),
                now_us=self.clock.wall_us(),
                contacts=_nearest(contacts, at_us, lambda row: row.started_us or 0),
                contacts_total=len(contacts),
                more_contacts=more,
                items=_nearest(absent, at_us, lambda row: row.ref.changed_us),
                absent=dict(sorted(counts.items())),
                spans=self.findings.spans(window, _SPANS),
                findings=self.findings.findings(query).rows,
                roles=self._roles(window),
                agent=agent,
            )
        )

    def _contacts_in(
        self, window: Window, source: str | None, agent: str
    ) -> tuple[list[ContactRow], bool]:
        """Those that began in a window, and whether there are more than are counted."""
        found: list[ContactRow] = []
        after: str | None = None
        while len(found) < _COUNTED_MAX:
            page = self.contact_db.contacts(
                ContactQuery(source, window, agent or None, after=after, limit=_PAGE)
            )
            found += page.rows
            if page.next is None:
                return found, False
            after = page.next
        return found, True

    def _absent(self, source: str, window: Window) -> list[ItemRow]:
        """Items of a window that are not in the archive, among the first `_COUNTED_MAX` of it."""
        found: list[ItemRow] = []
        after: tuple[int, str] | None = None
        for _ in range(_COUNTED_MAX // _PAGE):
            rows = self.findings.held(source, window, after, _PAGE)
            found += [row for row in rows if row.state != ItemState.ARCHIVED]
            if len(rows) < _PAGE:
                break
            after = (rows[-1].ref.changed_us, rows[-1].ref.key)
        return found

    def about_agent(self, agent: str, source: str | None) -> Explanation:
        """What is recorded of somebody."""
        found = self.contact_db.contacts(ContactQuery(source=source, text=agent, limit=_ROWS))
        return of_agent(agent, found.rows, more=found.next is not None)

    def _roles(self, window: Window) -> tuple[HistoryRow, ...]:
        rows = self.contact_db.role_history(_ROLES)
        inside = [row for row in rows if window.from_us <= row.at_us < window.to_us]
        before = [row for row in rows if row.at_us < window.from_us]
        return (*inside, *before[:1])

    # -- what is on record about something ----

    def _about_items(self, rows: Sequence[ItemRow]) -> About:
        findings: list[FindingRow] = []
        deletions: list[Deletion] = []
        holds: dict[str, Hold] = {}
        for row in rows[:10]:
            query = FindingQuery(source=row.ref.source, subject=row.ref.key)
            findings += self.findings.findings(query).rows
            home = row.contact_id or _deleted_home(row)
            if home:
                deletions += self._deletions(home)
            if row.contact_id is not None:
                holds |= {one.hold_id: one for one in self._holds(row.contact_id)}
        return About(
            tuple(findings), tuple(deletions), tuple(holds.values()), self._fetching(findings)
        )

    def _about_contacts(self, rows: Sequence[ContactRow]) -> About:
        deletions: list[Deletion] = []
        holds: dict[str, Hold] = {}
        for row in rows[:10]:
            deletions += self._deletions(row.contact_id)
            holds |= {one.hold_id: one for one in self._holds(row.contact_id)}
        return About(deletions=tuple(deletions), holds=tuple(holds.values()))

    def _fetching(self, findings: Sequence[FindingRow]) -> tuple[RecoveryRow, ...]:
        names = dict.fromkeys(row.recovery_id for row in findings if row.recovery_id)
        found = (self.recoveries.recovery(name) for name in names)
        return tuple(row for row in found if row is not None)

    def _deletions(self, contact_id: str) -> tuple[Deletion, ...]:
        if self.retention is None:
            return ()
        return self.retention.deletions(DeletionQuery(contact_id=contact_id)).rows

    def _holds(self, contact_id: str) -> tuple[Hold, ...]:
        return holds_on(self.retention, [contact_id])

    # -- asking the source ----

    def _ask(self, name: str, key: str) -> Asked:
        lookup = lookup_of(self.sources[name])
        if lookup is None:
            return Asked(name, error="it cannot be asked by id")
        try:
            refs = lookup.find(key)
        except RecorderError as error:
            return Asked(name, error=str(error))
        known = self.findings.known(name, [ref.key for ref in refs]) if refs else ()
        here = {row.ref.key for row in known if row.state == ItemState.ARCHIVED}
        rows = {row.ref.key: row for row in known}
        absent = [ref for ref in refs if ref.key not in here]
        absences = tuple(
            not_here(ref, rows.get(ref.key), self._times(name, ref)) for ref in absent[:_ROWS]
        )
        return Asked(name, refs, known, absences)

    def _times(self, name: str, ref: ItemRef) -> Times:
        progress = [one for one in self.contact_db.load_progress() if one.source == name]
        one = progress[0] if progress else SourceProgress(name, 0, 0, 0)
        now_us = self.clock.wall_us()
        window = Window(ref.changed_us - _SPANS_BACK_US, now_us)
        return Times(
            name,
            one.watermark_us,
            one.coverage,
            self.recoveries.oldest_us(name),
            self.findings.spans(window, _SPANS),
            now_us,
        )


def _nearest(rows: Sequence[T], at_us: int, time_of: Callable[[T], int]) -> tuple[T, ...]:
    """The `_ROWS` nearest to an instant."""
    return tuple(sorted(rows, key=lambda row: abs(time_of(row) - at_us))[:_ROWS])


def _deleted_home(row: ItemRow) -> str:
    """The contact that an item was in, as the reason of its deletion names it at its end."""
    contact_id, _, number = row.reason.rpartition(" ")[2].rpartition("/")
    return contact_id if number.isdecimal() else ""
