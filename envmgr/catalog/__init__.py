"""Proof by a real worker, and all that a library has, written down once per store entry.

Imports environments and what that may import.
"""

from envmgr.catalog.building import prove, prove_forking, worker, write
from envmgr.catalog.completing import complete
from envmgr.catalog.nearby import near
from envmgr.catalog.reading import Catalog, Row, read
from envmgr.catalog.searching import Filters, search

__all__ = [
    "Catalog",
    "Filters",
    "Row",
    "complete",
    "near",
    "prove",
    "prove_forking",
    "read",
    "search",
    "worker",
    "write",
]
