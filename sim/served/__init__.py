"""Fake services on real ports, and a pair of real processes beside them."""
