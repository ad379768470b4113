"""What each command does, as functions from a project to an outcome. Imports every room but cli."""
