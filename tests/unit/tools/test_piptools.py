from envmgr.tools import piptools
from envmgr.tools.piptools import Compiled, indexes

COMPILED = """\
backports-tarfile==1.2.0 \\
    --hash=sha256:b \\
    --hash=sha256:a
Six @ https://h/six-1.17.0-py3-none-any.whl \\
    --hash=sha256:c
# a comment

zipp==3.1 ; python_version < "3.9"
"""


def test_what_pip_compile_writes():
    assert piptools.parse(COMPILED) == {
        "backports-tarfile": Compiled("1.2.0", ("sha256:a", "sha256:b")),
        "six": Compiled(None, ("sha256:c",)),
        "zipp": Compiled("3.1", ()),
    }


def test_indexes_of_uv_as_pip_spells_them():
    assert indexes({"PATH": "/bin"}) == {}
    assert indexes({"UV_INDEX_URL": "http://a/simple", "UV_EXTRA_INDEX_URL": "http://b http://c"}) == {
        "PIP_INDEX_URL": "http://a/simple",
        "PIP_EXTRA_INDEX_URL": "http://b http://c",
    }
    assert indexes({"UV_DEFAULT_INDEX": "http://a", "UV_INDEX_URL": "http://b"}) == {
        "PIP_INDEX_URL": "http://a"
    }
    assert indexes({"UV_FIND_LINKS": "/x,/y", "UV_KEYRING_PROVIDER": "subprocess"}) == {
        "PIP_FIND_LINKS": "/x /y",
        "PIP_KEYRING_PROVIDER": "subprocess",
    }


def test_credentials_of_a_named_index():
    variables = {"UV_INDEX": "my-own=https://h:8/simple?x=1", "UV_INDEX_MY_OWN_USERNAME": "u@x"}
    assert indexes(variables) == {"PIP_EXTRA_INDEX_URL": "https://u%40x:@h:8/simple?x=1"}
    variables["UV_INDEX_MY_OWN_PASSWORD"] = "p/w"
    assert indexes(variables) == {"PIP_EXTRA_INDEX_URL": "https://u%40x:p%2Fw@h:8/simple?x=1"}
    assert indexes({"UV_DEFAULT_INDEX": "n=https://h/simple"}) == {"PIP_INDEX_URL": "https://h/simple"}


def test_pips_own_settings_play_no_part(monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "/opt/wheels")
    monkeypatch.setenv("PIP_CERT", "/etc/cert.pem")
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    variables = piptools._variables("2026-01-01T00:00:00Z", no_build=True)
    assert variables["PIP_FIND_LINKS"] == ""
    assert "PIP_CERT" not in variables
    assert variables["PIP_CONFIG_FILE"] == "/dev/null"
    assert (variables["PIP_UPLOADED_PRIOR_TO"], variables["PIP_ONLY_BINARY"]) == (
        "2026-01-01T00:00:00Z",
        ":all:",
    )
