"""Proof by a real worker, and every callable of a library, written down once per store entry.

Imports environments and what that may import.
"""

from envmgr.catalog.building import build, prove
from envmgr.catalog.reading import Catalog, read

__all__ = ["Catalog", "build", "prove", "read"]
