"""`layer.py RUNTIME INTO PROBES MODULE…`: a runtime layer and the catalogs of some modules, as the control plane makes them.

Runs under a Python that has envmgr, and with it the msgpack that is copied into the layer.
"""

import json
import os
import shutil
import subprocess
import sys

import msgpack

from envmgr.catalog import complete

runtime, into, probes, *modules = sys.argv[1:]
package = os.path.join(into, "envmgr_runtime")
shutil.copytree(runtime, package, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
vendor = os.path.join(package, "_vendor")
os.makedirs(vendor, exist_ok=True)
open(os.path.join(vendor, "__init__.py"), "w").close()
shutil.copytree(os.path.dirname(msgpack.__file__), os.path.join(vendor, "msgpack"), dirs_exist_ok=True)
shutil.copy(os.path.join(runtime, "worker", "start.py"), os.path.join(into, "worker.py"))
for module in modules:
    raw = os.path.join(into, f"{module}.raw")
    request = {
        "module": module,
        "distribution": None,
        "version": None,
        "into": raw,
    }
    subprocess.run(
        [sys.executable, "-B", os.path.join(into, "worker.py"), "catalog", json.dumps(request)],
        env={**os.environ, "PYTHONPATH": probes},
        check=True,
    )
    with open(raw, "rb") as walked, open(os.path.join(into, f"{module}.catalog"), "wb") as catalog:
        catalog.write(complete(walked.read()))
print(sys.executable)
