"""Everything that touches HTTP, databases and files."""
