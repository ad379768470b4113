"""Importing libraries, resolving paths, introspection. Imports values and wire."""
