"""The audit trail: who did what when, chained by hashes, so that no record is changed or lost unseen."""
