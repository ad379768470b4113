"""The one line of envmgr.toml that an upgrade changes."""

from __future__ import annotations

import pytest

from envmgr.config.versions import set_versions
from envmgr.errors import EnvmgrError


def edit(root, text, versions="==1.17.0"):
    (root / "envmgr.toml").write_bytes(text.encode())
    return set_versions(root, "six", versions)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('[library.six]  # a\nversion = ">=1"  # b\n', '[library.six]  # a\nversion = "==1.17.0"  # b\n', 2),
        ("# a\n[library.six]\n# b\nworkers = 3\n", '# a\n[library.six]\nversion = "==1.17.0"\n# b\nworkers = 3\n', 3),
        ('[library]\nsix = "six<2" # a\n', '[library]\nsix = "six==1.17.0" # a\n', 2),
        (
            '[library]\nsix = { package = "six[b, a]>=1", workers = 2 }',
            '[library]\nsix = { package = "six[a,b]==1.17.0", workers = 2 }',
            2,
        ),
        (
            '[library.six]\r\npackage = "six"\r\nversion = """\\\r\n  >=1"""\r\n# end',
            '[library.six]\r\npackage = "six"\r\nversion = "==1.17.0"\r\n# end',
            3,
        ),
        ('library.six.version="<2"\n', 'library.six.version="==1.17.0"\n', 1),
    ],
)  # fmt: skip
def test_one_value_changes_and_every_other_byte_stays(tmp_path, before, after, line):
    found = edit(tmp_path, before)
    assert (found.before, found.after, found.line) == (before, after, line)
    assert found.new_line in after
    assert (found.old_line in before, bool(found.old_line)) == (True, "# b\nworkers" not in before)
    assert (tmp_path / "envmgr.toml").read_bytes() == before.encode()


def test_the_requirements_before_and_after_are_those_of_the_file_alone(tmp_path):
    text = '[library.six]\npackage = "six[b,a]"\n[profile.p.library.six]\nversion = "<1"\n'
    found = edit(tmp_path, text, ">=1.16,<1.18")
    assert (found.old_requirement, found.new_requirement) == ("six[a,b]", "six[a,b]>=1.16,<1.18")
    assert found.after == text.replace("six]\npack", 'six]\nversion = ">=1.16,<1.18"\npack')


@pytest.mark.parametrize(
    "text", ["library.six.workers = 2\n", "[library]\nsix = {}\n", "library = { six = {} }\n"]
)
def test_a_form_without_a_place_for_it_is_refused(tmp_path, text):
    with pytest.raises(EnvmgrError, match="cannot edit") as caught:
        edit(tmp_path, text)
    assert (caught.value.code, caught.value.hint) == (
        "E-USAGE",
        'write under [library.six]: version = "==1.17.0"',
    )
