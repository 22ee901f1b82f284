"""Fake cloud telephony services, over memory or over a real port."""
