"""The page as a file: whole, alone, and closed to everything outside."""

import base64
import hashlib
import re

import pytest

from recorder.errors import ConfigError
from sim.picture import picture_text, write_picture
from tests.sim.picture.pages import by_hand, real_run

PARTS = re.compile(r"<(script|style)([^>]*)>(.*?)</\1>", re.DOTALL)


def page():
    return picture_text(*real_run())


def test_it_asks_nobody_for_anything():
    own = "".join(text for _, kind, text in PARTS.findall(page()) if "json" not in kind)
    rest = PARTS.sub("", page())
    assert not re.search(r"https?:|//[a-z]|@import|fetch\(|XMLHttp|WebSocket|import\(", own)
    assert re.findall(r'(?:src|href)="([^"]*)"', rest) == ["data:,"]


def test_its_policy_admits_its_own_script_and_style_alone():
    text = page()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    parts = {(tag, kind): body for tag, kind, body in PARTS.findall(text)}
    for tag in ("script", "style"):
        digest = hashlib.sha256(parts[tag, ""].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_a_title_of_any_text_is_text():
    header, rows = by_hand((0, "alpha", "life", "started"))
    text = picture_text(type(header)(origin="</title><script>x", build="1", began_us=0), rows, None)
    assert "<title>Trace of &lt;/title&gt;&lt;script&gt;x</title>" in text


def test_what_looks_like_a_slot_in_a_trace_stays_as_it_is():
    header, rows = by_hand((0, "alpha", "life", "{{SCRIPT}}"))
    assert '"{{SCRIPT}}"' in picture_text(header, rows, None)


def test_it_is_written_to_a_file(tmp_path):
    write_picture(*real_run(), tmp_path / "out.html")
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == page()


def test_a_place_that_takes_no_file_is_named_with_what_to_do(tmp_path):
    path = tmp_path / "absent" / "out.html"
    with pytest.raises(ConfigError, match=re.escape(str(path))) as raised:
        write_picture(*real_run(), path)
    assert "folder" in raised.value.hint
