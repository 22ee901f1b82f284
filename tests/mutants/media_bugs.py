"""Bugs of downloads and of the disk they land on."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from dataclasses import replace

from recorder.adapters import media_download, media_httpx
from recorder.adapters.dynamics.source import DynamicsSource
from recorder.adapters.http.oauth import BearerAuth
from recorder.adapters.media_rules import Hop, Wanted
from recorder.errors import NotMedia, SourceError, Truncated
from recorder.ingest import fetch_job, ingester
from recorder.model import ItemState
from sim.stand_ins.buffer import SimBufferFiles, _SimPartFile
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def empty_body_archived(patch: Patch) -> None:
    def make_download(download):
        def bug(exchange, request, sink, limits):
            try:
                download(exchange, request, sink, limits)
            except (NotMedia, Truncated):
                if sink.offset:
                    raise

        return bug

    def make_judge(judge):
        def bug(sealed, ref):
            return judge(sealed, ref) if sealed.size_bytes else "audio/mpeg"

        return bug

    patch.around(media_httpx, "download", make_download)
    patch.around(fetch_job, "judge", make_judge)


def size_forgotten(patch: Patch) -> None:
    def make_describe(describe):
        def bug(self, ref):
            told = describe(self, ref)
            media = tuple(replace(one, size_bytes=None) for one in told.media)
            return replace(told, media=media)

        return bug

    def make_open(open_media):
        def bug(self, ref, media):
            for request in open_media(self, ref, media):
                yield replace(request, size_bytes=None)

        return bug

    patch.around(DynamicsSource, "describe", make_describe)
    patch.around(DynamicsSource, "open_media", make_open)


def token_to_redirect_host(patch: Patch) -> None:
    def make(follow):
        def bug(hop, location, allowed_hosts):
            del allowed_hosts
            return Hop(location, hop.headers) if location else follow(hop, location, ())

        return bug

    patch.around(media_download, "follow", make)


def resume_at_wrong_offset(patch: Patch) -> None:
    def make(one_answer):
        def bug(exchange, request, asked, sink, limits):
            if request.chunk_bytes is None and sink.offset:
                asked, sink = Wanted(0, None), _NeverBegunAgain(sink, request)
            return one_answer(exchange, request, asked, sink, limits)

        return bug

    patch.around(media_download, "_one_answer", make)


class _NeverBegunAgain:
    """Appends whatever comes, up to the announced size, behind what is there."""

    def __init__(self, sink, request):
        self._sink = sink
        self._size_bytes = request.size_bytes
        self._begun = 0

    @property
    def offset(self):
        return self._begun

    def write(self, data):
        self._begun += len(data)
        room = len(data) if self._size_bytes is None else self._size_bytes - self._sink.offset
        self._sink.write(data[: max(room, 0)])

    def restart(self):
        """Forgotten."""


def one_retry_too_few(patch: Patch) -> None:
    def bug(self, request):
        request.headers["Authorization"] = f"Bearer {self._current().text}"
        yield request

    patch.set(BearerAuth, "sync_auth_flow", bug)


def unreachable_is_gone(patch: Patch) -> None:
    def make(failure_of):
        def bug(error, source):
            failure = failure_of(error, source)
            if isinstance(error, SourceError):
                return replace(failure, state=ItemState.GONE)
            return failure

        return bug

    patch.around(ingester, "failure_of", make)


def rename_without_fsync(patch: Patch) -> None:
    def make_seal(seal):
        def bug(self):
            trap = self._trap
            self._trap = lambda point: None if point == "fsync" else trap(point)
            return seal(self)

        return bug

    def make_crash(crash):
        def bug(self, *, power, chance=None):
            self._forget_old_names()
            young = [*self._named] if power else []
            crash(self, power=power, chance=chance)
            for name in young:
                if name in self._sealed:
                    self._sealed[name] = _holes(self._sealed[name])

        return bug

    patch.around(_SimPartFile, "seal", make_seal)
    patch.around(SimBufferFiles, "crash", make_crash)


def part_trusted(patch: Patch) -> None:
    patch.around(SimBufferFiles, "start", lambda _: lambda self: None)


def _holes(data):
    """What a journaling file system may show after a power cut: the length, and zeros for bytes."""
    kept = len(data) // 3
    return bytes(data[:kept]) + bytes(len(data) - kept)


BUGS = (
    Mutant(
        "empty_body_archived",
        "a body of zero bytes passes for a recording",
        "status 200 proves nothing: size and first bytes decide",
        empty_body_archived,
        profiles.BODIES,
    ),
    Mutant(
        "size_forgotten",
        "the announced size of a file is not compared",
        "a short body with a right-looking length is only found by the announced size",
        size_forgotten,
        profiles.BODIES,
    ),
    Mutant(
        "token_to_redirect_host",
        "a redirect is followed wherever it leads, with the bearer token",
        "credentials go to the host they were given for, and nowhere else",
        token_to_redirect_host,
        profiles.BODIES,
    ),
    Mutant(
        "resume_at_wrong_offset",
        "a resumed download appends the file's beginning behind the part that is there",
        "a body that begins again makes the part begin again",
        resume_at_wrong_offset,
        profiles.BODIES,
    ),
    Mutant(
        "one_retry_too_few",
        "a refused token is not renewed and the call not made once more",
        "a token may be revoked at any instant; only a 401 tells",
        one_retry_too_few,
        profiles.TOKENS,
    ),
    Mutant(
        "unreachable_is_gone",
        "any failure of the source counts as the end of the item",
        "an outage says nothing about a recording",
        unreachable_is_gone,
    ),
    Mutant(
        "rename_without_fsync",
        "a file gets its final name before its bytes are on the disk",
        "what has a final name is whole, after a power cut too",
        rename_without_fsync,
        profiles.SEALED,
    ),
    Mutant(
        "part_trusted",
        "a half-written file is resumed after a power cut",
        "part files of an earlier boot may have holes and are dropped",
        part_trusted,
        profiles.PARTS,
    ),
)
