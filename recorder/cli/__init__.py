"""The `tandem` command: the same API as everyone's, tables for people, JSON for scripts."""
