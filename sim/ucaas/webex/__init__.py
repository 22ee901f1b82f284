"""A fake Webex Calling organisation: tokens, converged recordings, call history, webhooks."""
