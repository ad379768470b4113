"""Python values to MessagePack and back. Imports wire."""
