"""What the recorder needs from the world, as protocols."""
