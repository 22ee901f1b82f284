"""The anchor file: what a crash or a hand may have done to it."""

import pytest

from recorder.adapters.audit_anchor import AuditAnchorFile
from recorder.errors import RecorderError
from recorder.records.audit import AuditHead


def test_another_process_finds_it(tmp_path):
    AuditAnchorFile(tmp_path / "anchor").save(AuditHead(3, "abc"))
    assert AuditAnchorFile(tmp_path / "anchor").load() == AuditHead(3, "abc")


@pytest.mark.parametrize("content", [b"", b"{}x", b'{"number":"three"}'])
def test_a_damaged_file_is_named_and_not_overwritten(tmp_path, content):
    path = tmp_path / "anchor"
    path.write_bytes(content)
    anchor = AuditAnchorFile(path)
    with pytest.raises(RecorderError, match="is damaged") as caught:
        anchor.load()
    assert caught.value.hint
    with pytest.raises(RecorderError):
        anchor.save(AuditHead(9, "x"))
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "anchor").mkdir()
    with pytest.raises(RecorderError, match="cannot read"):
        AuditAnchorFile(tmp_path / "anchor").load()
