"""A fake Zoom account with a meeting archive: tokens, listings, files, webhooks, and the meetings that fill it."""
