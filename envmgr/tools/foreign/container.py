"""Whether this system is a container, and which; read from the files that container runtimes leave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_MARKERS = (("docker", ".dockerenv"), ("podman", "run/.containerenv"))
_GROUPS = re.compile(r"[/:](docker|kubepods|containerd|lxc|libpod|crio|machine\.slice)\b")


def container(root: Path, variables: Mapping[str, str]) -> tuple[str, Path] | None:
    """The runtime, and the file that tells; None outside of one, or where none can be told."""
    groups = root / "proc/1/cgroup"
    if "KUBERNETES_SERVICE_HOST" in variables:
        return "kubernetes", groups
    for name, marker in _MARKERS:
        if (root / marker).exists():
            return name, root / marker
    try:
        found = _GROUPS.search(groups.read_text("utf-8", "replace"))
    except OSError:
        return None
    return (found[1], groups) if found else None
