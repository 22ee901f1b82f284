"""The contract is worth something: adapters that are wrong in one way each do not pass it."""

import importlib
import inspect
import sys
from dataclasses import replace

import pytest

from recorder.errors import ItemGone, SourceError
from recorder.model import Page, Window
from recorder.webhooks import WebhookAnswer
from sim.contract.data_source import DataSourceContract
from tests.thirdparty.stranger import TAPES

MODULES = ("tapes_world", "fake_tapes", "tandem_tapes")


@pytest.fixture
def tapes(monkeypatch):
    """The modules of the package: its world, and its source to be made wrong."""
    monkeypatch.syspath_prepend(str(TAPES / "src"))
    monkeypatch.syspath_prepend(str(TAPES / "tests"))
    yield importlib.import_module("tapes_world"), importlib.import_module("tandem_tapes.source")
    for name in [name for name in sys.modules if name.partition(".")[0] in MODULES]:
        del sys.modules[name]


def closed_upper_bound(source):
    right = source.list_items

    def wrong(self, window, page):
        return right(self, Window(window.from_us, window.to_us + 1), page)

    source.list_items = wrong


def open_lower_bound(source):
    right = source.list_items

    def wrong(self, window, page):
        return right(self, Window(window.from_us + 1, window.to_us), page)

    source.list_items = wrong


def first_page_only(source):
    right = source.list_items
    source.list_items = lambda self, window, page: replace(
        right(self, window, page), next_page=None
    )


def remembers_what_it_gave(source):
    right, given = source.list_items, set()

    def wrong(self, window, page):
        listed = right(self, window, page)
        new = tuple(ref for ref in listed.items if ref.key not in given)
        given.update(ref.key for ref in new)
        return replace(listed, items=new)

    source.list_items = wrong


def hides_failures(source):
    right = source.list_items

    def wrong(self, window, page):
        try:
            return right(self, window, page)
        except SourceError:
            return Page((), None, None)

    source.list_items = wrong


def no_session(source):
    right = source._ref
    source._ref = lambda self, row: replace(right(self, row), session_key=row.id)


def links_too_early(source):
    right = source.open_media
    source.open_media = lambda self, ref, media: iter([*right(self, ref, media)])


def wrong_size(source):
    right = source.open_media

    def wrong(self, ref, media):
        for way in right(self, ref, media):
            yield replace(way, size_bytes=way.size_bytes + 1)

    source.open_media = wrong


def gone_is_missed(source):
    right = source.describe

    def wrong(self, ref):
        try:
            return right(self, ref)
        except ItemGone as error:
            raise SourceError(str(error)) from None

    source.describe = wrong


def shows_its_link(source):
    source.__repr__ = lambda self: f"TapesSource({self._secrets.read('env:TAPES_KEY')})"


def believes_every_message(source):
    source.hear = lambda _self, _request: WebhookAnswer(204, poll_now=True)


def sees_nothing_wrong(source):
    source.check = lambda _self: ()


BUGS = (
    closed_upper_bound,
    open_lower_bound,
    first_page_only,
    remembers_what_it_gave,
    hides_failures,
    no_session,
    links_too_early,
    wrong_size,
    gone_is_missed,
    shows_its_link,
    believes_every_message,
    sees_nothing_wrong,
)


def broken_promises(make_world):
    """The tests of the contract, without parameters, that a world does not pass."""
    failed = []
    for name, test in inspect.getmembers(DataSourceContract, inspect.isfunction):
        if name.startswith("test_") and list(inspect.signature(test).parameters) == [
            "self",
            "world",
        ]:
            world = make_world()
            try:
                test(DataSourceContract(), world)
            except pytest.skip.Exception:
                continue
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any end but the good one
                failed.append(name)
            finally:
                world.source.close()
    return failed


def test_an_adapter_that_is_right_passes(tapes):
    world, _ = tapes
    assert broken_promises(world.TapesWorld) == []


@pytest.mark.parametrize("bug", BUGS)
def test_an_adapter_that_is_wrong_does_not_pass(bug, tapes):
    world, source = tapes
    bug(source.TapesSource)
    assert broken_promises(world.TapesWorld) != []
