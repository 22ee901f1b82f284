"""Looks for incidents that break a promise, and makes what it finds short enough to read."""
