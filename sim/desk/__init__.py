"""A desk to be recorded: a display without a monitor, and a window in which somebody seems to work."""
