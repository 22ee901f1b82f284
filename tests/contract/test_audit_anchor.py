"""What every anchor of the audit trail promises: AuditAnchorFile and MemoryAuditAnchor."""

import pytest

from recorder.adapters.audit_anchor import AuditAnchorFile
from recorder.errors import CallBufferError
from recorder.records.audit import AuditHead
from sim.tables.audit import MemoryAuditAnchor


@pytest.fixture(params=["file", "memory"])
def anchor(request, tmp_path):
    return MemoryAuditAnchor() if request.param == "memory" else AuditAnchorFile(tmp_path / "a")


def test_nothing_is_remembered_at_first(anchor):
    assert anchor.load() == AuditHead(0, "")


def test_what_was_saved_last_is_remembered(anchor):
    anchor.save(AuditHead(3, "abc"))
    anchor.save(AuditHead(9, "def"))
    assert anchor.load() == AuditHead(9, "def")


def test_it_never_goes_back(anchor):
    anchor.save(AuditHead(9, "def"))
    anchor.save(AuditHead(3, "abc"))
    anchor.save(AuditHead(9, "another"))
    assert anchor.load() == AuditHead(9, "def")


def test_a_disk_that_takes_nothing_is_told(anchor, tmp_path):
    if isinstance(anchor, MemoryAuditAnchor):
        anchor.full = True
    else:
        anchor = AuditAnchorFile(tmp_path / "no folder" / "a")
    with pytest.raises(CallBufferError):
        anchor.save(AuditHead(1, "a"))
