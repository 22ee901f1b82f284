"""Drills: a standard set of incidents against an operator's own settings."""
