"""A file with ids in the folder that both nodes share, and a node that is killed while it has it."""

import csv
import io

import pytest

from tests.process.looking import as_json, tandem
from tests.process.world import LONG
from tests.waiting import wait_until

pytestmark = [pytest.mark.process, LONG]

NOBODY = "00000000-0000-4000-8000-000000000000"


def claims(drops):
    return [path for path in drops.glob("dynamics/claimed/*/*~*") if path.is_file()]


def results(drops):
    return list(drops.glob("dynamics/processed/*.result.csv"))


def outcomes(path):
    text = path.read_text("utf-8-sig")
    return {row["id"]: row["outcome"] for row in csv.DictReader(io.StringIO(text, newline=""))}


def test_a_node_killed_in_the_middle_of_a_file_answers_it_once_after_its_restart(
    make_world, tmp_path
):
    drops = tmp_path / "drops"
    world = make_world(tables={"recovery": {"drop_folder": str(drops), "automatic": False}})
    world.start()
    keys = world.place(*[{}] * 3)
    world.settle()
    wait_until((drops / "dynamics/csv").is_dir, 30.0, "the folder is there")
    world.admin.add_fault("slow", requests=("list",), delay_s=1.0)
    rows = [*keys, *(f"{number:08d}{NOBODY[8:]}" for number in range(15))]
    (drops / "dynamics/csv/ids.csv").write_text("id\n" + "\n".join(rows))
    wait_until(lambda: claims(drops), 60.0, "a node takes it")
    (claim,) = claims(drops)
    owner = world[claim.parent.name]
    world.kill(owner)
    assert results(drops) == []
    owner.start()
    wait_until(lambda: results(drops), 120.0, "it is answered")
    world.admin.clear_faults()
    (result,) = results(drops)
    said = outcomes(result)
    assert {said[key] for key in keys} == {"already_here"}
    assert sorted(said) == sorted(rows)
    assert set(said.values()) == {"already_here", "not_found"}
    assert claims(drops) == []
    found = as_json(tandem(world, "recovery", "list", "--json"))["recoveries"]
    assert [one["requested_by"] for one in found] == ["file:ids.csv"]
    world.settle_and_check()
