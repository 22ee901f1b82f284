"""The pages of a staged node in one browser."""

import pytest

from tests.recorder.pages.stage import staged
from tests.recorder.pages.window import MISSING, PROGRAMS, Window


@pytest.fixture(scope="session")
def window():
    """One browser for all pages; the test is skipped where none is installed."""
    if not all(PROGRAMS):
        pytest.skip(MISSING)
    one = Window()
    yield one
    one.close()


@pytest.fixture(scope="session")
def stage_and_ids():
    return staged()


@pytest.fixture
def stage(stage_and_ids):
    return stage_and_ids[0]


@pytest.fixture
def ids(stage_and_ids):
    return stage_and_ids[1]


@pytest.fixture
def node(window, stage):
    """The window at a served node, nobody logged in; nothing may complain, no other host be asked."""
    stage.clock.now_ns += 600_000_000_000
    stage.publish_all()
    stage.trail.told.clear()
    with stage.served() as base:
        window.base = base
        window.emulate()
        window.forget()
        yield window
        assert window.hosts() <= {base.removeprefix("http://")}
        assert window.wrong() == []
        window.driver.get("about:blank")


@pytest.fixture
def page(node):
    """The same, with an admin logged in."""
    node.log_in("the-admin-token", "Nora Night")
    return node
