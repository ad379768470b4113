"""Frames and messages. Imports nothing of ours."""
