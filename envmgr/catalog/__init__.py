"""Proof by a real worker, and every callable of a library, written down once per store entry.

Imports environments and what that may import.
"""

from envmgr.catalog.building import prove, write
from envmgr.catalog.reading import Catalog, read

__all__ = ["Catalog", "prove", "read", "write"]
