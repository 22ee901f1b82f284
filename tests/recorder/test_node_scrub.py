"""A whole node in this process scrubs its archive: real threads, files and database."""

import hashlib
from dataclasses import replace

import pytest

from sim.served.local_pair import LocalPair, PairPlan
from tests.calls import a_file, an_interaction, an_item
from tests.recorder.running_node import QUICK, running
from tests.waiting import wait_until

SCRUB = {"bytes_per_day": 10**15, "recheck_s": 0.5, "census_every_s": 0.5, "stray_after_s": 0.0}


@pytest.fixture
def pair(tmp_path):
    tables = {**QUICK, "scrub": SCRUB}
    made = LocalPair(PairPlan(tmp_path / "pair", (), tables=tables))
    for node in made.nodes.values():
        node.close()
    return made


@pytest.fixture
def crashes():
    fallen = []
    yield fallen
    assert fallen == []


def bring(node, folder, name):
    """Archive one contact with one file."""
    body = name.encode() * 5000
    path = folder / f"{name}.sealed"
    path.write_bytes(body)
    digest = hashlib.sha256(body).hexdigest()
    control, key = node.node.control, f"dyn/{name}"
    control.archive.put(key, str(path), digest, len(body))
    control.archive.sync()
    path.unlink()
    file = replace(a_file(f"med-{name}", size_bytes=len(body)), sha256=digest)
    call = an_interaction(f"int-{name}", session=f"ses-{name}")
    item = an_item(name, session=f"ses-{name}", interaction=call, files=(file,))
    control.contact_db.commit([item], [[key]])
    return body


def test_a_node_finds_damage_in_its_archive_and_says_when_it_is_mended(pair, crashes, tmp_path):
    with running(pair, "alpha", crashes) as alpha:
        body = bring(alpha, tmp_path, "a")
        bring(alpha, tmp_path, "b")
        (path,) = (tmp_path / "pair").rglob("dyn/a")
        spoiled = bytearray(body)
        spoiled[7] ^= 1
        path.write_bytes(spoiled)
        (path.parent / "zz").write_bytes(b"nobody knows me")
        alpha.wait_for_role("primary")

        def view():
            return alpha.get("/api/v1/scrub").json()

        def found():
            now = view()
            return (now["damaged"], now["stray"], now["unread"]) == (1, 1, 0)

        wait_until(found, 20.0, "the damaged and the stray object are found", every_s=0.1)

        def codes():
            return {one["code"] for one in alpha.get("/health").json()["findings"]}

        wait_until(lambda: {"object_damaged", "object_stray"} <= codes(), 10.0, "it is told")
        path.write_bytes(body)
        (path.parent / "zz").unlink()
        wait_until(lambda: not {"object_damaged", "object_stray"} & codes(), 20.0, "it is well")
        assert view()["objects"] == 2
        what = {row["what"] for row in alpha.get("/api/v1/audit").json()["records"]}
        assert {"scrub_found", "scrub_healed"} <= what
