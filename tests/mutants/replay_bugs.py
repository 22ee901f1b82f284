"""Bugs of making contacts replayable: what is stale, what shows too much, what stays too long."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from dataclasses import replace

from recorder.scn import rendition_keys
from recorder.stitch import ahead, late_masks, stitching
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def any_rendition_is_ready(patch: Patch) -> None:
    def bug(tools, contact_id, _digest):
        known = tools.screens.renditions(contact_id)
        return known[-1] if known else None

    patch.set(stitching, "made_before", bug)


def mask_leaves_renditions(patch: Patch) -> None:
    patch.everywhere(late_masks, "drop_unmasked", lambda _: lambda tools, contact_id, plan: ())


def rendition_on_record_first(patch: Patch) -> None:
    def make(store):
        def bug(tools, contact_id, digest, made):
            return store(replace(tools, archive=_Unsynced(tools.archive)), contact_id, digest, made)

        return bug

    patch.around(stitching, "_store", make)


class _Unsynced:
    """An archive that is believed to keep what it was given."""

    def __init__(self, archive):
        self._archive = archive

    def sync(self):
        pass

    def __getattr__(self, name):
        return getattr(self._archive, name)


def rendition_outlives_contact(patch: Patch) -> None:
    patch.everywhere(rendition_keys, "sweep", lambda _: lambda archive, contact_id: None)


def looked_up_once(patch: Patch) -> None:
    def make(due):
        def bug(self, now_ns, limit):
            found = due(self, now_ns, limit)
            for call in found:
                del self._calls[call]
            return found

        return bug

    patch.around(ahead.Ahead, "due", make)


BUGS = (
    Mutant(
        "any_rendition_is_ready",
        "a contact that was made replayable once counts as ready for ever",
        "a rendition is of certain inputs: whether it is ready is asked of what is on record now",
        any_rendition_is_ready,
        profiles.REPLAYED,
    ),
    Mutant(
        "mask_leaves_renditions",
        "a mask that is heard late is cut out of the screen, and not of what was made of it",
        "what was made before a mask was known goes with it",
        mask_leaves_renditions,
        profiles.REPLAYED_MASKED,
    ),
    Mutant(
        "rendition_on_record_first",
        "a rendition is put on record before its objects are durable",
        "a row names what is in the archive to stay",
        rendition_on_record_first,
        profiles.REPLAYED_POWER,
    ),
    Mutant(
        "rendition_outlives_contact",
        "the deletion of a contact leaves the objects of its renditions",
        "what was made of a contact goes with it",
        rendition_outlives_contact,
        profiles.REPLAYED_DELETED,
    ),
    Mutant(
        "looked_up_once",
        "the contact of a screen is looked for once",
        "a screen is there before its contact: its call is looked up again and again",
        looked_up_once,
        profiles.REPLAYED,
    ),
)
