"""Agents, their desktops and the platform that tells of them, in a simulated world."""
