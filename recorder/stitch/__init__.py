"""Stitching: sound, screens, texts and events of a contact become one rendition that can be replayed."""
