# The package's own tests run as a stranger would run them: see test_tapes.py.
collect_ignore = ["tapes"]
