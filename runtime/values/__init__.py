"""Python values to MessagePack and back. Imports wire."""

from .plain import Atom

__all__ = ["Atom"]
