"""envmgr.toml: schema, problems with their place in the file, edits that keep comments. Imports model, errors."""
