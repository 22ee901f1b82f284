"""The only place of this package that touches threads, sockets, files and clocks."""
