"""Commands, formats, progress, exit statuses. Imports every room."""
