"""The language of screens: nouns, messages and files that recording, stitching and replay share."""
