"""Every callable of a library, collected once per store entry in a throwaway process. Imports environments and what it may."""

from envmgr.catalog.building import build
from envmgr.catalog.reading import Catalog, read

__all__ = ["Catalog", "build", "read"]
