"""How long a page takes until somebody can use it, in headless Chromium, over a database as it has grown."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

from cluster.adapters.real_clock import RealClock
from cluster.board import Board
from cluster.ports import Address, Endpoint, Runtime
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.desk.control import NodeControl
from recorder.ports.recording import Archive
from recorder.records.contacts import ContactQuery
from recorder.web.app import create_app
from recorder.web.server import WebServer
from sim.bench.figures import latency_row

OPENED: Final = 10
_READY: Final = (
    "const done = arguments[1], wanted = arguments[0];"
    "const look = () => document.documentElement.dataset.ready === wanted ? done(performance.now()) : requestAnimationFrame(look);"
    "look();"
)
"""Milliseconds from the navigation to the first picture in which the page is ready."""


def browser_rows(db: SqlContactDb) -> list[dict[str, Any]]:
    """Rows of list, search and contact; none, and a line that says so, where no browser is installed."""
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(programs):
        print("no chromium and chromedriver here: pages are not opened")
        return []
    contact = db.contacts(ContactQuery(limit=1)).rows[0].contact_id
    paths = {
        "page: list until ready": ("/app/", "list"),
        "page: search until ready": ("/app/?number=%2B4930100000500", "list"),
        "page: contact until ready": (f"/app/contact?id={contact}", "contact"),
    }
    rows: list[dict[str, Any]] = []
    with _served(db) as base, _browser(*cast("tuple[str, str]", programs)) as browser:
        for name, (path, ready) in paths.items():
            took: list[float] = []
            for _ in range(OPENED + 1):
                browser.get("about:blank")
                browser.get(f"{base}{path}")
                took.append(float(browser.execute_async_script(_READY, ready)) / 1000)
            rows.append(
                latency_row(name, took[1:])
            )  # the first one also starts the browser's cache
    return rows


@contextmanager
def _served(db: SqlContactDb) -> Generator[str]:
    """A web server over the database; there is no node behind it, and none is asked."""
    nobody = cast("Any", None)
    control = NodeControl(
        node="bench",
        cluster="bench",
        boot="b" * 32,
        build="bench",
        started_us=0,
        web_url="",
        board=Board(),
        clock=RealClock(),
        contact_db=db,
        archive=cast("Archive", nobody),
        runtime=cast("Runtime", nobody),
        pair=cast("Address[Any]", nobody),
        pollers={},
        problems=(),
        admin_token=lambda: None,
    )
    server = WebServer(create_app(control), Endpoint("127.0.0.1", 0), certificate=None, key=None)
    server.start()
    try:
        yield f"http://{server.endpoint}"
    finally:
        server.stop()


@contextmanager
def _browser(program: str, driver: str) -> Generator[Any]:
    """Imported here: the package that drives browsers is for developers."""
    from selenium import webdriver  # noqa: PLC0415 - see above
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415 - see above

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()
