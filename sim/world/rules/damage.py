"""Damage that only a comparison finds: objects that go or change, objects of nobody, rows that are no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from recorder.archive.object_key import object_key
from recorder.model import ItemState
from recorder.records.findings import ACCEPTED
from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, one_of, share

if TYPE_CHECKING:
    from sim.world.world import World

_LONG: Final = (20.0, 45.0, 90.0)
_ODD: Final = b"of nobody"


def object_damage(world: World, fault: Fault) -> End | None:
    """An object of an archived item goes, or lacks a byte; at the end it is brought back."""
    objects = world.data_center.objects.objects
    media = world.data_center.contacts.contacts.media.values()
    named = sorted(one.row.object_key for one in media if one.row.size_bytes)
    whole = [key for key in named if key in objects and key not in world.reconciliation.damaged]
    if not whole:
        return None
    key = whole[round(fault.number("which", 0.0) * (len(whole) - 1))]
    kept = objects[key]
    if fault.text("how", "gone") == "gone":
        del objects[key]
    else:
        objects[key] = kept[:-1]
    mended = world.reconciliation.breaks(key)

    def end() -> None:
        if any(
            one.row.object_key == key for one in world.data_center.contacts.contacts.media.values()
        ):
            objects[key] = kept
        mended()

    return end


def object_stray(world: World, fault: Fault) -> End:
    """Somebody puts an object into the folder of the first source; at the end it is taken away."""
    del fault
    source = world.service.source
    key = object_key(source, f"stray-{world.counts['fault object_stray']}", "of-nobody")
    objects = world.data_center.objects.objects
    objects[key] = _ODD
    gone = world.reconciliation.strays(source, key)

    def end() -> None:
        objects.pop(key, None)
        gone()

    return end


def rows_lost(world: World, fault: Fault) -> None:
    """What is on record of a contact goes, all of it: an older copy of the database was restored."""
    store = world.data_center.contacts
    held = {contact_id for contact_id, _ in store.deletions}
    del fault
    for home, row in sorted(store.contacts.rows.items()):
        items = [one for one in store.items.rows.values() if one.ref.session_key == row.session_key]
        mine = [one for one in items if one.ref.source == row.source]
        mark = store.progress.get(row.source)
        passed_us = 0 if mark is None else mark.watermark_us
        whole = all(
            one.state == ItemState.ARCHIVED
            and one.contact_id == home
            and one.ref.changed_us < passed_us
            for one in mine
        )
        if home in held or not mine or not whole:
            continue
        truth = world.services[row.source].fake.truth()
        keys = {one.ref.key for one in mine}
        offered = [item for item in truth if item.key in keys]
        if not all(item.must_be_archived for item in offered):
            continue
        for media in [one for one in store.contacts.media.values() if one.contact_id == home]:
            world.reconciliation.strays(row.source, media.row.object_key)
        store.contacts.take_out(home)
        for one in mine:
            del store.items.rows[row.source, one.ref.key]
            world.reconciliation.loses(row.source, one.ref.key)
        return


def accept(world: World, fault: Fault) -> None:
    """An operator accepts what has been open for longest."""
    del fault
    left = [row for row in world.reconciliation.findings if row.is_open]
    if left:
        world.reconciliation.db.close_finding(left[0].finding_id, f"{ACCEPTED}it is well as it is")


RULES: Final[Mapping[str, Rule]] = {
    "object_damage": Rule(
        object_damage,
        Hits.WORLD,
        "An object of an archived item is not there, or too short, until it is brought back.",
        _LONG,
        {
            "how": one_of("gone", "short", what="gone or short; gone"),
            "which": share(0.0, 0.5, 1.0, what="its place among all objects, a share; 0", high=1.0),
        },
    ),
    "object_stray": Rule(
        object_stray,
        Hits.WORLD,
        "The archive has an object that no row names, until it is taken away.",
        _LONG,
    ),
    "rows_lost": Rule(
        rows_lost,
        Hits.WORLD,
        "What is on record of one contact goes, as when an older copy of the database is restored.",
    ),
    "accept": Rule(
        accept,
        Hits.WORLD,
        "An operator accepts the oldest open finding (`tandem finding accept`).",
    ),
}
