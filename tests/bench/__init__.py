"""`nox -s bench`: our figures beside a named baseline of the same run. Nothing here passes or fails."""
