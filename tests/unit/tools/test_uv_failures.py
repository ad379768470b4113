import pytest

from envmgr.tools.uv_failures import failure, reasons, unknown_distribution

NO_SOLUTION = "error: No solution found when resolving dependencies\n  cause: "
CASES = {
    "conflict": (
        NO_SOLUTION + "Because your project depends on six<1 and six>=1, we can conclude that your project's"
        " requirements are unsatisfiable.\n",
        "E-CONFLICT",
        "cannot be satisfied together",
    ),
    "no such distribution": (
        NO_SOLUTION
        + "Because nosuch was not found in the package registry and your project depends on nosuch,"
        " we can conclude that your project's requirements are unsatisfiable.\n",
        "E-LOCK",
        "the package index has no distribution called nosuch",
    ),
    "a module of the interpreter": (
        NO_SOLUTION + "Because json was not found in the package registry and your project depends on json,"
        " we can conclude that your project's requirements are unsatisfiable.\n",
        "E-LOCK",
        "the package index has no distribution called json",
    ),
    "no such version": (
        NO_SOLUTION
        + "Because only six<=1.17.0 is available and your project depends on six>=99, we can conclude"
        " that your project's requirements are unsatisfiable.\n",
        "E-LOCK",
        "no version of six satisfies six>=99; there is six<=1.17.0",
    ),
    "no such exact version": (
        NO_SOLUTION
        + "Because there is no version of six==1.0.99 and your project depends on six==1.0.99, we can"
        " conclude that your project's requirements are unsatisfiable.\n",
        "E-LOCK",
        "no version of six satisfies six==1.0.99",
    ),
    "no file for this Python": (
        NO_SOLUTION
        + "Because tensorflow==1.15.0 has no wheels with a matching Python version tag (e.g., `cp312`)"
        " and your project depends on tensorflow==1.15, we can conclude that your project's requirements are"
        " unsatisfiable.\n",
        "E-LOCK",
        "tensorflow==1.15.0 has no wheels with a matching Python version tag",
    ),
    "no wheel at all, under no-build": (
        NO_SOLUTION
        + "Because all versions of docopt have no usable wheels and your project depends on docopt, we can"
        " conclude that your project's requirements are unsatisfiable.\n\n"
        "hint: Wheels are required for `docopt` because building from source is disabled for all packages"
        " (i.e., with `--no-build`)\n",
        "E-LOCK",
        "all versions of docopt have no usable wheels",
    ),
    "nothing for a platform": (
        "error: No solution found when resolving dependencies for split (markers: platform_machine == 'x86_64'"
        " and sys_platform == 'linux')\n  cause: "
        "Because pywin32==306 has no `platform_machine == 'x86_64' and sys_platform == 'linux'`-compatible"
        " wheels and your project depends on pywin32==306, we can conclude that your project's requirements are"
        " unsatisfiable.\n",
        "E-LOCK",
        "pywin32==306 has no linux-x86_64-compatible wheels",
    ),
    "no wheel to install, under no-build": (
        "error: Package `pywinpty` can't be installed because it is marked as `--no-build` but has no binary"
        " distribution\n",
        "E-BUILD",
        "the environment takes wheels only: Package `pywinpty` can't be installed",
    ),
    "a source to lock, under no-build": (
        "error: Failed to download and build `six @ https://h/six-1.17.0.tar.gz`\n"
        "  cause: Building source distributions for `six` is disabled\n",
        "E-BUILD",
        "wheels only: Failed to download and build `six",
    ),
    "older uv's frames": (
        "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because only six<=1.17.0 is available"
        " and your"
        " project depends on\n      six>=99, we can conclude that your project's requirements are\n"
        "      unsatisfiable.\n",
        "E-LOCK",
        "no version of six satisfies six>=99; there is six<=1.17.0",
    ),
    "offline resolution": (
        NO_SOLUTION
        + "Because six was not found in the cache and your project depends on six, we can conclude that"
        " your project's requirements are unsatisfiable.\n\n"
        "hint: Packages were unavailable because the network was"
        " disabled.\n",
        "E-OFFLINE",
        "not in uv's cache",
    ),
    "offline wheel": (
        "error: Failed to download `six==1.17.0`\n"
        "  cause: Network connectivity is disabled, but the requested data"
        " wasn't found in the cache: https://x/six.whl\n",
        "E-OFFLINE",
        "Failed to download `six==1.17.0`",
    ),
    "hash": (
        "error: Failed to download `six==1.17.0`\n  cause: Hash mismatch for `six==1.17.0`\n",
        "E-TAMPERED",
        "not the one that was locked",
    ),
    "network": (
        "error: Request failed after 3 retries in 7.4s\n"
        "  cause: Failed to fetch: https://u:secret@h/simple/six/\n"
        "  cause: dns error\n",
        "E-NETWORK",
        "cannot be reached",
    ),
    "refused": (
        "error: Failed to fetch: `https://h/simple/six/`\n"
        "  cause: HTTP status client error (401 Unauthorized)\n",
        "E-NETWORK",
        "refused the request",
    ),
    "disk full": (
        "error: Failed to download\n  cause: No space left on device (os error 28)\n",
        "E-DISK",
        "full",
    ),
    "disk full after a warning of several lines": (
        "Using Python 3.12.1 environment at: v\n"
        "warning: Failed to hardlink files; falling back to full copy. This may lead to degraded performance.\n"
        "         If the cache and target directories are on different filesystems, hardlinking may not be supported.\n"
        "error: Failed to install: numpy-2.5.5-cp312-cp312-linux.whl (numpy==2.5.5)\n"
        "  cause: failed to copy file: No space left on device (os error 28)\n",
        "E-DISK",
        "the disk is full: Failed to install: numpy",
    ),
    "unwritable": ("error: failed to open `/x`: Permission denied (os error 13)\n", "E-DISK", "cannot write"),
    "interpreter": (
        "error: No interpreter found for Python 4.7 in managed installations or search path\n",
        "E-INTERPRETER",
        "cannot use the interpreter",
    ),
    "build": (
        "error: Failed to build `x==1`\n  cause: The build backend returned an error\n",
        "E-BUILD",
        "x==1",
    ),
    "build, after what uv says on its way": (
        "   Building x==1\nDownloading cmake (27.1MiB)\n Downloaded cmake\nerror: Failed to build `x==1`\n"
        "  cause: The build backend returned an error\n",
        "E-BUILD",
        "installed: Failed to build `x==1`",
    ),
    "a build without its own network": (
        "error: Failed to build `x==1`\n  cause: Call to `maturin.build_wheel` failed (exit status: 1)\n\n"
        "         [stderr]\n         curl: Connection refused\n         mkdir: Permission denied\n",
        "E-BUILD",
        "installed: Failed to build `x==1`",
    ),
    "a build that fills the disk": (
        "error: Failed to build `x==1`\n\n         [stderr]\n         cc1: No space left on device\n",
        "E-DISK",
        "full",
    ),
    "unknown words": ("warning: w\nerror: the moon is full\n", "E-BUILD", "uv failed: the moon is full"),
    "silence": ("", "E-BUILD", "no reason given"),
}


@pytest.mark.parametrize("case", CASES)
def test_meaning(case):
    stderr, code, words = CASES[case]
    found = failure(stderr, 1)
    assert found.code == code
    assert words in found.message
    assert found.details["status"] == 1


@pytest.mark.parametrize("case", ["no wheel at all, under no-build", "nothing for a platform"])
def test_what_has_no_file_that_serves_is_all_that_is_said(case):
    stderr, _, words = CASES[case]
    assert failure(stderr, 1).message == words


def test_the_raw_text_is_kept_without_credentials():
    found = failure(CASES["network"][0], 2)
    assert "secret" not in str(found.details) + found.message
    assert "https://***@h/simple/six/" in found.details["uv"]


@pytest.mark.parametrize(
    "login", ["u:secret", "secret", "u:se/secret", "u:s@secret", "secret:", "u:s@e/secret"]
)
def test_a_password_is_blotted_out_however_it_is_spelled(login):
    found = failure(f"error: invalid value 'http://{login}@h:80/simple' for '--default-index'\n", 2)
    assert "secret" not in str(found.details) + found.message
    assert "@h:80/simple" in found.message


def test_addresses_without_a_password_stay():
    assert "git+https://h/r@v1" in failure("error: Failed to fetch: `git+https://h/r@v1`\n", 2).message


def test_an_import_name_gets_its_distribution_as_hint():
    text = CASES["no such distribution"][0].replace("nosuch", "cv2")
    assert 'did you mean "opencv-python-headless"?' in failure(text, 1).hint


def test_reasons_do_not_depend_on_the_order_of_clauses():
    so = ", we can conclude that a==1 and b==1 are incompatible."
    one = "Because a==1 depends on c<2 and b==1 depends on c>=2" + so
    two = "Because b==1 depends on c>=2 and a==1 depends on c<2" + so
    assert reasons(one) == reasons(two)
    assert reasons(one) == [
        "a==1 depends on c<2; b==1 depends on c>=2, therefore a==1 and b==1 are incompatible"
    ]


def test_a_chain_becomes_one_sentence_each_and_the_hint_none():
    text = (
        NO_SOLUTION
        + "Because pandas==1.5.3 depends on numpy<2 and numba==0.61 depends on numpy>=2.1, we can conclude"
        " that pandas==1.5.3 and numba==0.61 are incompatible.\n         And because your project depends on"
        " pandas==1.5.3 and numba==0.61, we can conclude that your project's requirements are"
        " unsatisfiable.\n\n"
        "hint: something else.\n"
    )
    assert reasons(text) == [
        "numba==0.61 depends on numpy>=2.1; pandas==1.5.3 depends on numpy<2,"
        " therefore pandas==1.5.3 and numba==0.61 are incompatible",
        "the environment depends on pandas==1.5.3 and numba==0.61,"
        " therefore its requirements cannot be satisfied together",
    ]


def test_no_chain_no_reasons():
    assert reasons("error: disk\n") == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (
            "  × No solution found\n  ╰─▶ Because not-there was not found\n      in the package registry and your",
            "not-there",
        ),
        ("  × Failed to build `blast==0.3.0`\n  ├─▶ The build backend returned an error", "blast"),
        ("No solution found: Because a depends on b<2", None),
    ],
)
def test_the_distribution_that_the_index_cannot_give(words, name):
    assert unknown_distribution(failure(words, 1)) == name


def test_a_module_of_the_interpreter_that_the_index_has_not_is_not_to_be_installed():
    problem = failure(CASES["a module of the interpreter"][0], 1)
    assert (
        problem.hint
        == "json is a module of the interpreter itself: write `stdlib = true` under [library.json]"
    )
