"""Matrices that are run: a made-up distribution from an index of this machine, real cells, real checks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from indexes import serve, wheel

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
FOUR = [
    wheel("shapes", "1.0", {"shapes.py": "__version__ = '1.0'\ndef area(a): return a * a\n"}),
    wheel("shapes", "2.0", {"shapes.py": "__version__ = '2.0'\ndef area(a): return a * a + 1\n"}),
    wheel("shapes", "3.0", {"shapes.py": "raise RuntimeError('not on this machine')\n"}),
    wheel("shapes", "4.0", {"shapes.py": ""}, requires=["nowhere-to-be-found>=1"]),
]


class Place:
    """A project directory and the command line in it."""

    def __init__(self, root: Path, host: str, cache: Path) -> None:
        self.root = root
        self.variables = {
            **os.environ,
            "ENVMGR_CACHE_DIR": str(cache),
            "UV_INDEX": f"http://{host}/simple/",
            "PYTEST_ADDOPTS": "--this-is-not-for-cells",
        }
        self.write("matrices/shapes.toml", "")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def matrix(self, axis: str, rest: str) -> None:
        self.write(
            "matrices/shapes.toml",
            f'library = "shapes"\n[axes]\nshapes = [{axis}]\npython = ["{PYTHON}"]\n{rest}\n',
        )

    def start(self, *words: str, **variables: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "envmgr", "matrix", "run", "shapes", *words],
            cwd=self.root,
            env={**self.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, status: int = 0, **variables: str) -> dict:
        child = self.start(*words, "--format", "json", **variables)
        stdout, stderr = child.communicate(timeout=300)
        assert child.returncode == status, (stdout, stderr)
        assert "Traceback" not in stderr, stderr
        return json.loads(stdout)["data"]

    def text(self, *words: str, **variables: str) -> str:
        return self.start(*words, **variables).communicate(timeout=300)[0]


@pytest.fixture(scope="module")
def host():
    with serve(*FOUR) as index:
        yield index.host


@pytest.fixture
def place(tmp_path, host, own_cache):
    (tmp_path / "app").mkdir()
    return Place(tmp_path / "app", host, own_cache)


def statuses(run: dict) -> dict[str, str]:
    return {result["values"]["shapes"]: result["status"] for result in run["results"]}


def test_cells_pass_fail_and_cannot_be(place):
    place.write("tests/helper.py", "EXPECTED = 9\n")
    place.write(
        "tests/test_area.py",
        "import shapes, helper\n"
        "def test_area(): assert shapes.area(3) == helper.EXPECTED\n"
        "def test_other(): pass\n",
    )
    place.write("conftest.py", "")
    place.matrix(
        '"1.0", "2.0", "3.0", "4.0"',
        '[[check]]\nimport = true\n[[check]]\nname = "tests"\npytest = ["tests"]\n'
        '[[expect]]\nwhere = { shapes = "3.0" }\nallow-failure = true\n',
    )
    toml = (place.root / "matrices/shapes.toml").read_text()
    place.write("matrices/shapes.toml", toml.replace("[axes]", 'with = ["pytest>=8"]\n[axes]', 1))
    first = place.run(status=1)
    assert statuses(first) == {"1.0": "passed", "2.0": "failed", "3.0": "failed", "4.0": "unresolvable"}
    assert len(first["ran"]) == 4
    one, two, three, four = first["results"]
    assert one["resolved"] == {"shapes": "1.0"}
    assert one["pins"]["shapes"] == "1.0"
    assert "pytest" in one["pins"]
    tests = two["checks"][1]
    assert tests["failures"] == ["tests/test_area.py::test_area"]
    assert tests["detail"] == "1 of 2 failed: tests/test_area.py::test_area: assert 10 == 9"
    assert "assert 10 == 9" in tests["log"]
    assert three["checks"][0]["detail"] == "RuntimeError: not on this machine"
    assert "raise RuntimeError" in three["checks"][0]["log"]
    assert three["expected"]["kind"] == "allow-failure"
    assert "nowhere-to-be-found" in four["detail"]

    assert (place.root / "matrices/shapes.results.json").exists()
    assert not list(place.root.rglob("tests/__pycache__"))
    assert not list(place.root.glob(".pytest_cache"))

    text = place.text(ENVMGR_UV="/nowhere/uv")
    command = f"envmgr matrix run shapes --cell shapes=2.0,python={PYTHON} --again"
    assert f"again: {command}" in text
    assert "4 unchanged, not run again" in text

    place.write("tests/helper.py", "EXPECTED = 10\n")
    changed = place.run("--cell", "shapes=[12]*", ENVMGR_UV="/nowhere/uv", status=1)
    assert statuses(changed) == {"1.0": "failed", "2.0": "passed"}
    compiled = [
        path.name for path in place.root.glob(".envmgr/store/*/lib/*/site-packages/__pycache__/shapes*")
    ]
    assert len(compiled) == 3
    free(place)


def test_what_a_test_read_before_it_ended_python_decides(place):
    place.write("helper.py", "STATUS = 7\n")
    place.write("data.txt", "")
    place.write(
        "test_ends.py",
        "import os, shutil, helper\n"
        "def test_gone(tmp_path, monkeypatch):\n"
        "    monkeypatch.chdir(tmp_path)\n    shutil.rmtree(tmp_path)\n    open(os.open(os.devnull, 0)).close()\n"
        "    try: open('nothing')\n    except FileNotFoundError as problem: assert problem.filename == 'nothing'\n"
        "def test_ends(request):\n"
        "    place = request.config.rootpath / 'data.txt'\n    place.write_text(place.read_text() + '.')\n"
        "    if helper.STATUS: os._exit(helper.STATUS)\n",
    )
    place.matrix(
        '"1.0"', '[[check]]\npytest = ["test_ends.py"]\n[[check]]\nname = "b"\ncommand = "sleep 9"\n'
    )
    toml = (
        (place.root / "matrices/shapes.toml").read_text().replace("[axes]", 'with = ["pytest>=8"]\n[axes]', 1)
    )
    place.write("matrices/shapes.toml", toml + 'timeout = "200ms"\n')
    ended, slow = place.run(status=1)["results"][0]["checks"]
    assert (ended["detail"], slow["status"]) == (
        "Python ended with status 7, in test_ends.py::test_ends",
        "timed-out",
    )
    assert len(place.run(status=1)["ran"]) == 1  # one of its checks met a limit
    place.write("matrices/shapes.toml", toml.replace("sleep 9", "true"))
    assert len(place.run(status=1)["ran"]) == 1
    assert place.run(status=1, ENVMGR_UV="/nowhere/uv")["ran"] == []
    place.write("helper.py", "STATUS = 0\n")
    assert statuses(place.run()) == {"1.0": "passed"}


def free(place):
    """gc keeps what results name."""

    def gc() -> dict:
        words = [sys.executable, "-m", "envmgr", "gc", "--format", "json", "--project", str(place.root)]
        done = subprocess.run(words, env=place.variables, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["data"]

    place.write("envmgr.toml", "config-version = 1\n")
    place.matrix('"1.0"', '[[check]]\ncommand = ["true"]')
    place.run()
    assert len([found for found in gc()["freed"] if found["kind"] == "entry"]) == 3


def test_limits_and_second_chances(place):
    place.write(
        "flaky.py",
        "import os, pathlib, sys\n"
        "mark = pathlib.Path(__file__).with_name('mark')\n"
        "sys.exit(0) if mark.exists() else (mark.touch(), print('not yet'), sys.exit(3))\n",
    )
    place.write(
        "big.py",
        "import subprocess, sys, time\n"
        "held = bytearray(64 << 20)\n"
        "for place in range(0, len(held), 4096): held[place] = 1\n"
        "child = subprocess.Popen([sys.executable, '-c', 'held = b\"x\" * (64 << 20); import time; time.sleep(90)'])\n"
        "time.sleep(90)\n",
    )
    place.write("slow.py", "import sys, time\nprint('begun', flush=True)\ntime.sleep(90)\n")
    place.matrix(
        '"1.0"',
        '[[check]]\nname = "flaky"\ncommand = "python flaky.py"\nretries = 2\n'
        '[[check]]\nname = "big"\ncommand = "python big.py"\nmemory = "96MiB"\n'
        '[[check]]\nname = "slow"\ncommand = ["python", "slow.py"]\ntimeout = "1s"\nretries = 1\n'
        '[[check]]\nname = "lost"\ncommand = ["no-such-program"]\n',
    )
    run = place.run(status=1)
    flaky, big, slow, lost = run["results"][0]["checks"]
    assert (flaky["status"], flaky["attempts"], flaky["log"]) == ("flaky", 2, "not yet\n")
    assert big["status"] == "out-of-memory"
    assert "more than 96 MiB" in big["detail"]
    assert (slow["status"], slow["attempts"]) == ("timed-out", 2)
    assert slow["log"] == "begun\n"
    assert lost["status"] == "failed"
    assert "no-such-program cannot be started" in lost["detail"]
    assert run["results"][0]["status"] == "failed"

    (place.root / "mark").unlink()
    place.matrix('"1.0"', '[[check]]\ncommand = "python slow.py"\ntimeout = "500ms"\n')
    assert len(place.run(status=1)["ran"]) == 1
    assert len(place.run(status=1)["ran"]) == 1  # a limit may have been met because the machine was busy


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked for in /proc")
def test_an_interrupted_run_ends_all_and_goes_on(place):
    place.write(
        "wait.py",
        "import pathlib, subprocess, sys, time\n"
        "here = pathlib.Path(__file__).parent\n"
        "if (here / 'go').exists(): sys.exit(0)\n"
        "import shapes\n"
        "if shapes.__version__ == '1.0': sys.exit(0)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "(here / 'child').write_text(str(child.pid))\n"
        "time.sleep(300)\n",
    )
    place.matrix('"1.0", "2.0", "3.0"', '[[check]]\ncommand = ["python", "wait.py"]\n')  # the last one waits
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        child = place.start("--jobs", "1")
        wait_for(place.root / "child")
        child.send_signal(number)
        stdout, stderr = child.communicate(timeout=60)
        assert child.returncode == status, (stdout, stderr)
        assert f"interrupted by {number.name}: 2 cells were not run" in stdout
        assert not alive(int((place.root / "child").read_text()))
        (place.root / "child").unlink()
    place.write("go", "")
    run = place.run()
    assert run["ran"] == [f"shapes={version},python={PYTHON}" for version in ("2.0", "3.0")]
    assert statuses(run) == {"1.0": "passed", "2.0": "passed", "3.0": "passed"}


def test_times_are_taken_in_turns(place):
    place.write("envmgr.toml", '[library.shapes]\nhealth.calls = [{ call = "shapes.area", args = [2] }]\n')
    place.write(
        "test_timed.py",
        "import pytest, shapes, time\n@pytest.fixture(scope='module')\ndef once(): return [0]\n"
        "@pytest.mark.timed\ndef test_area(once, tmp_path):\n"
        "    once[0] += 1\n    time.sleep(0.02 if shapes.__version__ == '2.0' else 0.002)\n"
        "@pytest.mark.timed\ndef test_bad(once): assert once[0] < 3\n",
    )
    place.matrix(
        '"1.0", "2.0"',
        '[[check]]\nhealth = true\n[[check]]\npytest = ["test_timed.py"]\n'
        '[timing]\nreference = { shapes = "1.0" }\nrounds = 6\n',
    )
    toml = (place.root / "matrices/shapes.toml").read_text()
    place.write("matrices/shapes.toml", toml.replace("[axes]", 'with = ["pytest>=8"]\n[axes]', 1))
    run = place.run()
    reference, cell = run["results"]
    assert all(check["samples"] == [] for check in reference["checks"])
    calls, tests = (check["samples"] for check in cell["checks"])
    assert [(sample["name"], len(sample["seconds"]), len(sample["reference"])) for sample in calls] == [
        ("shapes.area", 6, 6)
    ]
    assert [sample["name"] for sample in tests] == [
        "test_timed.py::test_area"
    ]  # the other failed in a later round
    assert min(tests[0]["seconds"]) > 0.02 > min(tests[0]["reference"]) > 0.002
    again = place.run()
    assert again["ran"] == []
    assert again["results"] == run["results"]

    toml = (place.root / "matrices/shapes.toml").read_text()
    lacking = toml.replace(f'["{PYTHON}"]', f'["{PYTHON}", "3.98"]').replace(
        'reference = { shapes = "1.0" }', 'reference = { python = "3.98" }'
    )
    place.write("matrices/shapes.toml", lacking)
    elsewhere = place.run("--cell", f"shapes=2.0,python={PYTHON}*")
    assert [result["status"] for result in elsewhere["results"]] == ["passed"]
    (note,) = elsewhere["notes"]
    assert note.startswith("not all cells were timed: shapes=1.0,python=3.98: ")


def test_shards_keep_and_lowest_versions(place):
    place.write("look.py", "import os, sys; print(os.environ['HOME']); sys.exit(0)\n")
    place.matrix('"1.0", "2.0"', '[[check]]\ncommand = ["python", "look.py"]\n')
    toml = (place.root / "matrices/shapes.toml").read_text()
    lowest = toml.replace("[axes]", 'with = ["idna>=3.4"]\n[axes]\nresolution = ["lowest-direct"]', 1)
    place.write("matrices/shapes.toml", lowest)
    one, two = place.run("--shard", "1/2"), place.run("--shard", "2/2")
    assert [len(one["ran"]), len(two["ran"])] == [1, 1]
    assert {**statuses(one), **statuses(two)} == {"1.0": "passed", "2.0": "passed"}
    assert one["results"][0]["pins"]["idna"] == "3.4"
    assert (place.root / "matrices/shapes.results.1-of-2.json").exists()
    assert place.run()["ran"] == []
    kept = place.run("--again", "--keep", "--cell", "*shapes=1.0*")["facts"]["homes"]
    (found,) = kept.values()
    assert (Path(found["home"]) / "command-1" / "home").is_dir()
    assert (Path(found["environment"]) / "bin" / "python").exists()
    assert place.run("--upgrade")["ran"] == []  # what was resolved anew is what it was
    locks = sorted(place.root.glob(".envmgr/matrix/shapes/pylock.*.toml"))
    locks[0].write_text("not a lock")
    assert place.run()["ran"] == []
    assert "shapes" in locks[0].read_text()


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except FileNotFoundError:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(shutil.which("mix") is None, reason="there is no Elixir")
def test_a_test_of_elixir_calls_the_cell(tmp_path, own_cache):
    """Our own Mix project, whose test of cells makes calls when it runs in one."""
    root = tmp_path / "app"
    (root / "matrices").mkdir(parents=True)
    (root / "envmgr.toml").write_text(
        f'[project]\npython = "{PYTHON}"\n[library.six]\n[library.math]\nstdlib = true\n[library.idna]\n'
    )
    (root / "elixir").symlink_to(Path(__file__).parents[2] / "elixir")
    (root / "matrices" / "six.toml").write_text(
        f'library = "six"\n[axes]\nsix = "==1.16.0"\npython = "{PYTHON}"\n'
        '[[check]]\nelixir = ["--only", "cell", "elixir/test/envmgr/cell_test.exs"]\n'
        '[[check]]\nname = "nothing"\nelixir = ["nowhere/test.exs"]\n'
    )
    words = [sys.executable, "-m", "envmgr", "matrix", "run", "six", "--format", "json"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1, done.stderr
    (result,) = json.loads(done.stdout)["data"]["results"]
    tests, nothing = result["checks"]
    assert tests["status"] == "passed", tests["log"]
    assert "there is no mix.exs for nowhere/test.exs" in nothing["detail"]
