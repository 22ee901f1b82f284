"""Pages in a browser."""

import pytest

from sim.picture import write_picture
from tests.sim.picture.browser import MISSING, PROGRAMS, Browser
from tests.sim.picture.pages import real_run


@pytest.fixture(scope="session")
def browser():
    """One browser for all pages; the test is skipped where none is installed."""
    if not all(PROGRAMS):
        pytest.skip(MISSING)
    one = Browser()
    yield one
    one.close()


@pytest.fixture(scope="session")
def real_page(tmp_path_factory):
    """The page of a real run."""
    path = tmp_path_factory.mktemp("picture") / "real.html"
    write_picture(*real_run(), path)
    return path


@pytest.fixture
def page(browser, real_page):
    """The page of a real run, open; nothing in it may complain."""
    browser.emulate()
    browser.open(real_page)
    yield browser
    assert browser.complaints() == []
