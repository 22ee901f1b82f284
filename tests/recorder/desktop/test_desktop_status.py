import json
import os

import pytest

from recorder.cli.main import run
from recorder.desktop.camera import CameraFacts
from recorder.desktop.spool import SpoolFacts
from recorder.desktop.status import FRESH_S, StatusBoard, read_status, write_status

IDLE = CameraFacts("", 0, 0, 0, 0, False, "")
EMPTY = SpoolFacts(0, 0, 0, 0, 0)
NOW_US = 1_700_000_000_000_000


def view_of(board, camera=IDLE, spool=EMPTY):
    return board.view(desktop="desk-1", agents=("dynamics/anna",), camera=camera, spool=spool)


@pytest.fixture
def board():
    made = StatusBoard()
    made.at(NOW_US)
    return made


def test_view_of_an_idle_desktop_without_a_node(board):
    view = view_of(board)
    assert (view["node"], view["recording"], view["last_error"]) == (None, False, None)


def test_view_names_node_stream_and_last_error(board):
    board.connected("alpha at ws://x")
    board.trouble("ws://y: no answer")
    view = view_of(board, CameraFacts("s1", NOW_US, 800, 600, 7, True, "no display"))
    assert view["node"] == "alpha at ws://x"
    assert view["connected_since"] == view["recording_since"] == "2023-11-14T22:13:20Z"
    assert (view["masked"], view["frames"], view["screen_trouble"]) == (True, 7, "no display")
    assert (view["last_error"], view["last_error_at"]) == (
        "ws://y: no answer",
        "2023-11-14T22:13:20Z",
    )
    board.disconnected()
    assert view_of(board)["node"] is None


def test_status_is_read_back_while_its_service_lives(board, tmp_path):
    board.connected("alpha")
    write_status(tmp_path, view_of(board))
    written_s = (tmp_path / "status.json").stat().st_mtime
    found = read_status(tmp_path, now_s=written_s + 1)
    assert (found.running, found.connected) == (True, True)
    assert not read_status(tmp_path, now_s=written_s + FRESH_S + 1).running


def test_status_of_a_process_that_ended_is_not_believed(board, tmp_path):
    write_status(tmp_path, {**view_of(board), "pid": 2**22 + 1})
    found = read_status(tmp_path, now_s=(tmp_path / "status.json").stat().st_mtime)
    assert not found.running


@pytest.mark.parametrize("text", ["", "{", None])
def test_no_status_is_none(tmp_path, text):
    if text is not None:
        (tmp_path / "status.json").write_text(text)
    assert read_status(tmp_path, now_s=0) is None


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "desktop.toml"
    path.write_text(
        '[desktop]\nid = "desk-1"\nagents = { dynamics = "anna" }\n'
        '[nodes]\nurls = ["wss://alpha:8440"]\ntoken = "value:t"\n[spool]\nfolder = "spool"\n'
    )
    (tmp_path / "spool").mkdir()
    return path


def ask(config, *words):
    return run(["agent-desktop", "--status", "--config", str(config), *words])


def test_command_tells_a_service_that_does_not_run(config, capsys):
    assert ask(config) == 3
    assert "No service runs" in capsys.readouterr().err


def test_command_shows_a_desktop_that_records(board, config, capsys):
    board.connected("alpha at wss://alpha:8440")
    camera = CameraFacts("s1", NOW_US, 800, 600, 7, True, "")
    write_status(config.parent / "spool", view_of(board, camera, SpoolFacts(1, 3, 400_000, 0, 2)))
    assert ask(config) == 0
    out = capsys.readouterr().out
    for text in (
        "alpha at wss://alpha:8440",
        "7 frames, 800x600, masked",
        "3 frames wait, 0.4 MB",
        "dropped",
    ):
        assert text in out
    assert ask(config, "--json") == 0
    view = json.loads(capsys.readouterr().out)
    assert (view["running"], view["pid"]) == (True, os.getpid())


def test_command_says_by_its_exit_that_no_node_is_there(board, config, capsys):
    board.trouble("wss://alpha: no answer within 2 s")
    write_status(config.parent / "spool", view_of(board))
    assert ask(config) == 5
    assert "no answer within 2 s" in capsys.readouterr().out


def test_command_without_a_file_or_with_a_wrong_one_is_a_usage_error(config, monkeypatch, capsys):
    monkeypatch.delenv("TANDEM_CONFIG", raising=False)
    assert run(["agent-desktop"]) == 2
    config.write_text(config.read_text() + "colour = 1\n")
    assert ask(config) == 2
    assert "spool.colour: unknown key" in capsys.readouterr().err
