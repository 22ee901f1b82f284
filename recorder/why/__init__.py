"""Why something is not here, or its whole history."""
