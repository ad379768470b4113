"""A store key says what would be installed, however a lock spells it."""

import random
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from envmgr.environments import store
from envmgr.environments.locks import Lock
from envmgr.environments.store import digest
from envmgr.tools.interpreters import Interpreter

PYTHON = Interpreter(
    "/p/python", "3.12.1", "cpython", "abi", "linux-x86_64", False, {"sys_platform": "linux"}
)
NAMES = st.sampled_from(["six", "zope-interface", "ruamel-yaml-clib", "a-b-c"])
VERSIONS = st.sampled_from(["1.0", "2.0.post1", "3.1rc2"])
HASHES = st.lists(st.integers(0, 99).map(lambda number: digest(number)), min_size=1, max_size=3, unique=True)
PACKAGES = st.dictionaries(NAMES, st.tuples(VERSIONS, HASHES, st.booleans()), max_size=4)
SPELLINGS = {
    "1.0": ["1.0", "v1.0"],
    "2.0.post1": ["2.0.post1", "2.0-1", "2.0post1"],
    "3.1rc2": ["3.1rc2", "3.1.c2"],
}


def key(text):
    return store.key(Lock("p", tomllib.loads(text), "").packages(PYTHON), PYTHON, "hardlink")


def spelled(packages, chance: random.Random):
    """A lock of these packages: order, sizes, addresses, dates and spellings as chance has it."""
    tables = []
    for name, (version, hashes, source) in packages.items():
        stem = f"{name.replace('-', '_')}-{version}"

        def file(ending, value, stem=stem):
            where = f'url = "https://{chance.choice("ab")}/{chance.choice("cd")}/{stem}{ending}"'
            more = chance.choice(
                ["", f", size = {chance.randrange(999)}", ", upload-time = 2024-01-01T00:00:00Z"]
            )
            return f'{{ name = "{stem}{ending}", {where}{more}, hashes = {{ sha256 = "{value}" }} }}'

        wheels = [file(f"-{build}-py3-none-any.whl", value) for build, value in enumerate(hashes[source:])]
        chance.shuffle(wheels)
        lines = [
            f'name = "{name}"',
            f'version = "{chance.choice(SPELLINGS[version])}"',
            *([f"sdist = {file('.tar.gz', hashes[0])}"] if source else []),
            *([f"wheels = [{', '.join(wheels)}]"] if wheels else []),
            *chance.choice([[], ['index = "https://a/simple"'], ["marker = \"sys_platform == 'linux'\""]]),
        ]
        chance.shuffle(lines)
        tables.append("\n".join(["[[packages]]", *lines]))
    other = '[[packages]]\nname = "elsewhere"\nversion = "1"\nmarker = "sys_platform == \'win32\'"\n' + (
        'wheels = [{ name = "elsewhere-1-py3-none-any.whl", url = "https://a/elsewhere-1-py3-none-any.whl", hashes = { sha256 = "ee" } }]'
    )
    tables += [other] * chance.randrange(2)
    chance.shuffle(tables)
    created = f'lock-version = "1.0"\ncreated-by = "{chance.choice(["uv", "pdm"])}"\n'
    return created + ("\n".join(tables) or "packages = []")


@given(PACKAGES, st.randoms(use_true_random=False))
def test_neither_order_nor_sizes_nor_addresses_nor_spelling_play_a_part(packages, chance):
    assert key(spelled(packages, chance)) == key(spelled(packages, random.Random(0)))


@given(PACKAGES.filter(bool), st.data())
def test_a_version_or_a_hash_does(packages, data):
    name = data.draw(st.sampled_from(sorted(packages)))
    version, hashes, source = packages[name]
    other = data.draw(VERSIONS.filter(lambda found: found != version))
    chance = random.Random(0)
    before = key(spelled(packages, chance))
    assert key(spelled({**packages, name: (other, hashes, source)}, chance)) != before
    assert key(spelled({**packages, name: (version, [digest("x"), *hashes[1:]], source)}, chance)) != before
    assert key(spelled({found: packages[found] for found in packages if found != name}, chance)) != before
