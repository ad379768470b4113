"""What other tools leave on disk: their environments, and the files in which their projects are written."""
