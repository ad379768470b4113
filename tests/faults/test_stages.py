"""`kill -9`, and a full disk, at every named stage of every command that changes something."""

import os

import pytest
from scene import Scene

from envmgr.environments import stages
from envmgr.environments.activation import agrees
from envmgr.environments.state import read_state

ACTIVATION = (
    "activation-begun",
    "file-written",
    "generation-recorded",
    "launch-written",
    "link-written",
    "current-swapped",
    "activation-settled",
)
BUILD = (
    "build-staged",
    "build-installed",
    "build-verified",
    "build-proved",
    "manifest-written",
    "proofs-written",
    "catalog-placed",
    "entry-flushed",
    "entry-placed",
)


class Case:
    """`prepare` makes of a saved scene what `words` then meets; six is `before`, and `after` when it ended well."""

    def __init__(self, saved, words, before, after, points, prepare=lambda scene: None):
        self.saved, self.words, self.prepare = saved, words, prepare
        self.before, self.after, self.points = before, after, points


def to(version, more=""):
    def prepare(scene):
        scene.configure(six=f'version = "=={version}"\n{more}', idna="==3.7")

    return prepare


def six_entry(scene):
    return scene.layout.current("six").resolve()


def edited(scene):
    """A changed byte; not in uv's cache, which the file shares with it."""
    (path,) = six_entry(scene).glob("lib/python*/site-packages/six.py")
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content + b"#")


def without_worker(scene):
    for worker in scene.layout.layers.glob("*/worker.py"):
        worker.unlink()


def without_python(scene):
    (six_entry(scene) / "bin" / "python").unlink()


def relocked(scene):
    path = scene.layout.lock("six")
    path.write_text(path.read_text() + "# a comment\n")


def scrambled(scene):
    for path in scene.layout.home.glob("state.db-*"):
        path.unlink()
    scene.layout.state.write_bytes(os.urandom(9000))


CASES = {
    "lock": Case(
        "one", ["lock"], "1.16.0", "1.16.0",
        ["lock-resolved", "file-written", "lock-written"], to("1.17.0"),
    ),
    "new version": Case(
        "one", ["sync"], "1.16.0", "1.17.0",
        ["lock-written", *BUILD, *ACTIVATION, "file-written:5", "leftovers-swept", "staging-deleted"], to("1.17.0"),
    ),
    "first sync": Case(
        "none", ["sync"], None, "1.16.0",
        ["state-created", "lock-resolved", "lock-written", "layer-staged", "layer-placed", *BUILD, *ACTIVATION,
         *(f"file-written:{nth}" for nth in (2, 5, 8)), "leftovers-swept", "staging-deleted"],
    ),
    "new setting": Case(
        "one", ["sync"], "1.16.0", "1.16.0", [*ACTIVATION, "staging-deleted"], to("1.16.0", "workers = 3"),
    ),
    "new module": Case(
        "one", ["sync"], "1.16.0", "1.16.0",
        ["proof-made", "file-written", "proof-catalog-placed", "proof-noted", "activation-begun"],
        to("1.16.0", 'module = "six.moves"'),
    ),
    "lock in other words": Case(
        "one", ["sync"], "1.16.0", "1.16.0", ["generation-refingerprinted"], relocked,
    ),
    "upgrade": Case(
        "one", ["upgrade", "six==1.17.0"], "1.16.0", "1.17.0",
        ["attempt-noted", "undo-noted", "undoable-written", "activation-begun", "current-swapped", "undo-dropped"],
    ),
    "removal": Case(
        "two", ["sync"], "1.17.0", None,
        ["removal-begun", "removal-launch-deleted", "removal-directory-deleted", "removal-settled"],
        lambda scene: scene.configure(idna="==3.7"),
    ),
    "rollback": Case(
        "two", ["rollback", "six", "--to", "1"], "1.17.0", "1.16.0",
        [stage for stage in ACTIVATION if stage != "generation-recorded"],
    ),
    "gc": Case(
        "two", ["gc", "--keep", "0"], "1.17.0", "1.17.0",
        ["gc-begun", *(f"{stage}:{nth}" for stage in ("freed-aside", "freed-deleted") for nth in (1, 3)),
         "freed-lease-deleted", "leftovers-swept", "staging-deleted"],
    ),
    "repair": Case(
        "two", ["health", "--deep", "--repair"], "1.17.0", "1.17.0",
        ["file-written", "sick-marked", "build-staged", "entry-placed", "activation-begun", "current-swapped"], edited,
    ),
    "repair of the layer": Case(
        "two", ["health", "--deep", "--repair"], "1.17.0", "1.17.0",
        ["sick-layer-aside", "layer-placed", "sick-marked", "entry-placed"], without_worker,
    ),
    "sync of a broken entry": Case(
        "two", ["sync"], None, "1.17.0",
        ["leftover-aside", "leftover-aside:2", "manifest-written", "catalog-placed", "entry-placed"], without_python,
    ),
    "sync with a damaged state.db": Case(
        "two", ["sync"], "1.17.0", "1.17.0", ["state-aside", "state-created", "state-rebuilt"], scrambled,
    ),
}  # fmt: skip
UNFINISHED = ("activation-begun", "generation-recorded", "launch-written", "link-written", "current-swapped")
KILLS = [(name, point) for name, case in CASES.items() for point in case.points]


def parameters():
    """What a sync or a repair does like one before it is for the long run."""
    seen = set()
    for name, point in KILLS:
        builds = CASES[name].words[0] in ("sync", "health")
        marks = [pytest.mark.long] if builds and point in seen else []
        if builds:
            seen.add(point)
        yield pytest.param(name, point, marks=marks, id=f"{name}-{point}".replace(" ", "-"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Saved scenes: `none` was never synced, `one` has six 1.16.0, `two` has 1.17.0 upon it; both have idna."""
    scene = Scene(tmp_path_factory.mktemp("stages") / "project")
    to("1.16.0")(scene)
    scene.save("none")
    scene.ok("sync")
    scene.save("one")
    to("1.17.0")(scene)
    scene.ok("sync")
    scene.save("two")
    return scene


@pytest.fixture
def scene(prepared):
    return prepared


@pytest.mark.parametrize(("name", "stage"), [*parameters()])
def test_kill(scene, name, stage):
    case = CASES[name]
    scene.restore(case.saved)
    case.prepare(scene)
    scene.killed(stage, *case.words)
    if case.before is not None:
        found = scene.serving()
        assert found["idna"] == "3.7"
        assert found.get("six") in {case.before, case.after}
    told = scene.run("status")
    assert told.status in (0, 1), told.words
    assert told.stdout + told.stderr
    if stage in UNFINISHED:
        assert (told.status, "is not finished" in told.stdout) == (1, True), told.words
    scene.ok(*case.words)
    if case.words == ["lock"]:
        assert scene.leftovers() == []
        scene.ok("sync")
        assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    else:
        assert scene.serving().get("six") == case.after
    scene.sound(*(["--deep"] if "build-staged" in case.points else []))


def test_every_stage_is_struck_by_some_case():
    assert {point.partition(":")[0] for _, point in KILLS} == {*stages.ALL}


OTHERS = [
    ("gc", "freed-aside"),
    ("gc", "freed-deleted:2"),
    ("rollback", "activation-begun"),
    ("rollback", "launch-written"),
    ("new version", "build-installed"),
    ("new version", "catalog-placed"),
    ("new version", "link-written"),
    ("removal", "removal-launch-deleted"),
    ("upgrade", "undoable-written"),
]


@pytest.mark.parametrize(("name", "stage"), OTHERS, ids=lambda value: value.replace(" ", "-"))
def test_whatever_changing_command_comes_next_cleans_up(scene, name, stage):
    case = CASES[name]
    scene.restore(case.saved)
    case.prepare(scene)
    scene.killed(stage, *case.words)
    scene.ok("lock", "idna")
    assert scene.leftovers() == []
    with read_state(scene.layout) as state:
        for environment in scene.active():
            assert agrees(scene.layout, state.active(environment))
        assert state.active("six") or "six" not in scene.active()
    scene.serving()
