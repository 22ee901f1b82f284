import sys

import pytest

from recorder.cli import output


@pytest.fixture
def become_terminal(monkeypatch):
    """To be called within the test: only then stdout is the one that is captured."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    return lambda: monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)


def test_a_table_is_as_narrow_as_its_cells(capsys):
    output.print_table(["Node", "Role"], [["alpha", "primary"], ["b", "x"]])
    assert capsys.readouterr().out == "Node   Role\nalpha  primary\nb      x\n"


def test_an_empty_table_is_its_head(capsys):
    output.print_table(["Node", "Role"], [])
    assert capsys.readouterr().out == "Node  Role\n"


def test_colours_are_for_terminals_only(capsys):
    output.print_line("bad", "error")
    output.print_table(["A"], [["b"]])
    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_gets_colours(capsys, become_terminal):
    become_terminal()
    output.print_line("bad", "error")
    output.print_line("good")
    output.print_table(["A"], [["b"]])
    said = capsys.readouterr().out
    assert said == "\x1b[31mbad\x1b[0m\ngood\n\x1b[1mA\x1b[0m\nb\n"


def test_no_color_is_obeyed(capsys, monkeypatch, become_terminal):
    become_terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    output.print_line("bad", "error")
    output.print_table(["A"], [["b"]])
    assert "\x1b" not in capsys.readouterr().out


def test_what_a_service_names_its_things_never_moves_the_cursor(
    capsys, monkeypatch, become_terminal
):
    become_terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    output.print_line("name\x1b[2J\r\n\x9b")
    output.print_table(["A"], [["\x1b]0;title\x07"]])
    assert not set(capsys.readouterr().out) & {"\x1b", "\r", "\x07", "\x9b"}


@pytest.mark.parametrize("mark", ["\u202e", "\u2067", "\u2028"])
def test_what_a_service_names_its_things_never_turns_a_line_around(capsys, mark):
    output.print_table(["A"], [[f"invoice{mark}gpj.exe"]])
    assert capsys.readouterr().out == "A\ninvoice\ufffdgpj.exe\n"


def test_every_line_of_an_error_stands_under_the_first(capsys):
    output.complain("a.toml: this\na.toml: that", "Mend it.")
    told = "tandem: a.toml: this\n        a.toml: that\n        Mend it.\n"
    assert capsys.readouterr().err == told


def test_an_error_without_a_hint_is_one_line(capsys):
    output.complain("no", "")
    assert capsys.readouterr().err == "tandem: no\n"


def test_json_may_be_one_line(capsys):
    output.print_json({"a": ["ü"]}, one_line=True)
    assert capsys.readouterr().out == '{"a": ["ü"]}\n'


@pytest.mark.parametrize(
    ("text", "short"), [("2026-11-21T09:30:59Z", "2026-11-21 09:30"), (None, "?")]
)
def test_an_instant_in_a_table_is_short(text, short):
    assert output.short_instant(text) == short


def test_a_screen_is_cleared_on_a_terminal_only(capsys, become_terminal):
    output.clear_screen()
    assert capsys.readouterr().out == ""
    become_terminal()
    output.clear_screen()
    assert capsys.readouterr().out == "\x1b[H\x1b[2J"


def test_messages_do_not_move_the_cursor_either_and_keep_their_lines(capsys):
    """An error may repeat what a service said."""
    output.say("tandem: a\x1b[2Jb\x9b\rc\n        mend it")
    assert capsys.readouterr().err == "tandem: a\ufffd[2Jb\ufffd\ufffdc\n        mend it\n"
