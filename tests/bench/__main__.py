"""`nox -s bench [-- --json FILE] [--only PREFIX] [--erlport EBIN_DIR --erlport-python DIR]`"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import boot, calls, catalogs, environments, matrices, values, workers
from tests.bench.rows import Row

Groups = list[tuple[str, Callable[[Path], Iterator[Row]]]]


def machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "elixir": shutil.which("elixir") is not None,
    }


def groups(erlport: list[str]) -> Groups:
    return [
        ("call.", lambda scratch: calls.rows(scratch, erlport)),
        ("array.", lambda scratch: values.rows(scratch, "array.")),
        ("frame.", lambda scratch: values.rows(scratch, "frame.")),
        ("value.", lambda scratch: values.rows(scratch, "value.")),
        ("lane.", lambda scratch: values.rows(scratch, "lane.")),
        ("worker.", workers.rows),
        ("env.noop8", environments.noop),
        ("env.lock8", environments.lock),
        ("env.sync.idna", lambda scratch: environments.sync(scratch, "idna", rounds=5)),
        ("env.sync.numpy", lambda scratch: environments.sync(scratch, "numpy", rounds=5)),
        ("env.sync.pandas", lambda scratch: environments.sync(scratch, "pandas", rounds=3)),
        ("env.sync8", environments.sync8),
        ("env.first.idna", lambda scratch: environments.first(scratch, "idna", rounds=5)),
        ("env.first.numpy", lambda scratch: environments.first(scratch, "numpy", rounds=3)),
        ("env.first.pandas", lambda scratch: environments.first(scratch, "pandas", rounds=3)),
        ("env.rollback", environments.rollback),
        ("catalog.", catalogs.rows),
        ("matrix.", matrices.rows),
        ("boot.", boot.rows),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="nox -s bench --")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here too")
    parser.add_argument("--only", default="", metavar="PREFIX", help="rows whose name begins so")
    parser.add_argument("--erlport", metavar="EBIN_DIR", help="compiled erlport, measured beside ours")
    parser.add_argument("--erlport-python", metavar="DIR", help="erlport's Python package")
    options = parser.parse_args()
    erlport = ["--erlport", options.erlport] if options.erlport else []
    erlport += ["--erlport-python", options.erlport_python] if options.erlport_python else []

    found: list[Row] = []
    for name, measure in groups(erlport):
        if not (name.startswith(options.only) or options.only.startswith(name)):
            continue
        with tempfile.TemporaryDirectory(prefix="envmgr-bench-") as scratch:
            for row in measure(Path(scratch)):
                if row.name.startswith(options.only):
                    found.append(row)
                    print(json.dumps(row.as_dict()), flush=True)
    if options.json:
        report = {
            "schema": 1,
            "machine": machine(),
            "command": sys.argv[1:],
            "rows": [row.as_dict() for row in found],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
