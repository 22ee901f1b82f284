"""The integrity scrub: the archive is read again, slowly, and compared with the contact database."""
