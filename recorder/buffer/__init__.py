"""The call buffer's free space, watched."""
