"""`kill -9` at random moments: what is active stays whole, and the next command needs no help."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from projects import imported, library, project

from envmgr.environments.contents import Contents, take
from envmgr.environments.layout import Layout
from envmgr.operations.launching import launch
from envmgr.operations.status import status
from envmgr.operations.syncing import sync

VERSIONS = ("3.4", "3.6", "3.7", "3.10")
HERE = str(Path(__file__).parent)
SYNC = (
    "import sys; sys.path.insert(0, {here!r})\n"
    "from pathlib import Path; from projects import library, project\n"
    "from envmgr.operations.syncing import sync\n"
    "print('go', flush=True); sync(project(Path({root!r}), library('idna', 'idna=={version}')))"
)


def killed_sync(root, version, after):
    code = SYNC.format(here=HERE, root=str(root), version=version)
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    child.stdout.readline()
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()


def test_kill_at_random_moments(tmp_path):
    chance = random.Random(1)  # every stage has its turn in tests/faults
    layout = Layout(tmp_path)
    begun = time.perf_counter()
    sync(project(tmp_path, library("idna", "idna==3.4")))
    whole = time.perf_counter() - begun
    for number in range(8):
        version = VERSIONS[(number + 1) % len(VERSIONS)]
        killed_sync(tmp_path, version, chance.uniform(0, whole))
        manifest = launch(tmp_path, "idna")
        assert imported(manifest, "import idna; print(idna.encode('ä').decode())") == "xn--4ca"
        for link in (layout.current("idna").resolve(), layout.entry(f"idna-{manifest['key']}")):
            noted = Contents.from_bytes(layout.manifest(link.name).read_bytes())
            assert take(link, {}) == noted
    found = project(tmp_path, library("idna", f"idna=={version}"))
    sync(found)
    assert status(found)[0].state == "ready"
    assert imported(launch(tmp_path, "idna"), "import idna; print(idna.__version__)") == version
    assert not layout.staging.exists()
    leftovers = [path.name for path in layout.environments.glob("*/.*")]
    assert leftovers == []
