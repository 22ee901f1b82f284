"""Retention: how long contacts are kept, what holds them, and how they are deleted."""
