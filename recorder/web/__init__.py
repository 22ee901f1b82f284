"""HTTP of a node: health, metrics and the API. Reads snapshots, never waits for an actor but on a command."""
