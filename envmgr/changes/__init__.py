"""What differs between the APIs of two releases: catalogs for what exists, griffe for what only the source says.

Imports catalog and what that may import. Rules are pure: two descriptions of a callable go in, changes come out.
"""

from envmgr.changes.comparing import Compared, compare
from envmgr.changes.rules import KINDS, RULES

__all__ = ["KINDS", "RULES", "Compared", "compare"]
