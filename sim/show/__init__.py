"""`tandem up` and the demo: a whole pair for a person to look at."""
