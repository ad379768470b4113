"""Where a check is at home: directories of its own that go with it, and the variables that it sees."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from envmgr.environments import files
from envmgr.environments.launch import variables as of_environment
from envmgr.matrix.warden import Warden

KEPT = frozenset(
    {
        "CI",
        "CUDA_VISIBLE_DEVICES",
        "CURL_CA_BUNDLE",
        "GITHUB_ACTIONS",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "REQUESTS_CA_BUNDLE",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TZ",
        "USER",
    }
)
"""What a check sees of the variables around it, beside LC_* and *_proxy."""
_DIRECTORIES = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
    "XDG_RUNTIME_DIR": "run",
}


@contextlib.contextmanager
def temporary(warden: Warden, *, keep: bool = False) -> Iterator[Path]:
    """A directory for one cell: nothing is left of it, unless `keep`."""
    place = Path(tempfile.mkdtemp(prefix="envmgr-cell-"))
    if not keep:
        warden.remember(place)
    try:
        yield place
    finally:
        if not keep:
            files.remove(place)
            warden.forget(place)


def settle(place: Path, store: Path, names: Mapping[str, str]) -> dict[str, str]:
    """Make the directories of a check in the environment `store` below `place`; all the variables that it sees,
    `names` among them."""
    for name in _DIRECTORIES.values():
        (place / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith("LC_") or name.lower().endswith("_proxy")
    }
    kept.update({name: str(place / directory) for name, directory in _DIRECTORIES.items()})
    kept.update({name: value for name, value in of_environment(store).items() if value is not None})
    kept["PATH"] = os.pathsep.join([str(store / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, **names}
