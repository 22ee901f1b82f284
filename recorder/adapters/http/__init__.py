"""HTTP as the adapters use it: bounded, without redirects, with errors that hold no secret."""
