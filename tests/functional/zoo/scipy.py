"""SciPy's sparse arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse


def values() -> dict[str, Any]:
    dense = np.array([[0, 1.5, 0], [0, 0, -2.0], [0, 0, 0], [3, 0, 0]])
    found: dict[str, Any] = {}
    for form in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok"):
        for kind in ("matrix", "array"):
            make = getattr(sparse, f"{form}_{kind}")
            found[f"{form}_{kind}"] = make(dense)
            found[f"{form}_{kind} empty"] = make((0, 3))
            found[f"{form}_{kind} zero"] = make((2, 3), dtype="f4")
            found[f"{form}_{kind} int8"] = make(dense.astype("i1"))
            found[f"{form}_{kind} complex"] = make(dense * 1j)
            found[f"{form}_{kind} bool"] = make(dense != 0)
    rng = np.random.default_rng(1)
    found.update(
        {
            "large": sparse.random(3000, 3000, 0.02, "csr", random_state=rng),
            "coo duplicates": sparse.coo_array(([1, 2, 3], ([0, 0, 1], [1, 1, 0])), shape=(2, 2)),
            "coo 1-d": sparse.coo_array(np.array([0, 1, 0, 2])),
            "csr unsorted": sparse.csr_array(
                (np.array([1.0, 2.0]), np.array([2, 0]), np.array([0, 2])), shape=(1, 3)
            ),
            "csr long": sparse.csr_array(
                (np.array([1.0]), np.array([0], "i8"), np.array([0, 1], "i8")), shape=(1, 3)
            ),
            "explicit zero": sparse.csr_array(
                (np.array([0.0]), np.array([0]), np.array([0, 1])), shape=(1, 1)
            ),
            "in list": [sparse.eye(2, format="csr"), {"a": sparse.coo_matrix((1, 1))}],
        }
    )
    return found
