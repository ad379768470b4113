# Sourced by ci/demo and ci/test: installs what is missing, and says so. Needs bash and Python 3.11 or later.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL="${LC_ALL:-C.UTF-8}" PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else return 1; fi
}

apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    say "apt-get install $*"
    as_root apt-get update -qq >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

setup_python() {
    local python
    python=$(find_python) || die "Python 3.11 or later is needed: apt-get install python3, or brew install python"
    if ! command -v uv >/dev/null 2>&1; then
        if [ ! -x .tools/bin/uv ]; then
            say "uv from PyPI, into .tools/"
            "$python" -m venv .tools >/dev/null 2>&1 ||
                { rm -rf .tools; apt_install python3-venv && "$python" -m venv .tools; } ||
                die "python -m venv does not work here: install Debian's python3-venv"
            .tools/bin/pip install --quiet 'uv>=0.9'
        fi
        PATH="$PWD/.tools/bin:$PATH"
    fi
    say "the project's Python environment, from uv.lock"
    uv sync --locked --quiet --compile-bytecode --python "$python"
    # Where PYTHONDONTWRITEBYTECODE is set, every command would compile our own modules again.
    .venv/bin/python -m compileall -q envmgr runtime
    export PATH="$PWD/.venv/bin:$PATH"
}

setup_elixir() {
    if ! command -v mix >/dev/null 2>&1; then
        if command -v brew >/dev/null 2>&1; then
            say "brew install elixir"
            brew install --quiet elixir >&2
        else
            apt_install elixir erlang-dev erlang-nox ||
                die "Elixir 1.14 or later is needed: https://elixir-lang.org/install.html"
        fi
    fi
    elixir -e 'unless Version.match?(System.version(), ">= 1.14.0"), do: System.halt(1)' ||
        die "Elixir $(elixir --short-version 2>/dev/null) is too old; 1.14 or later is needed"
}

# For the reports in HTML, which are tried in a real browser.
setup_chromium() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null 2>&1; then return; fi
    done
    if command -v apt-get >/dev/null 2>&1; then
        apt_install chromium || die "Chromium is needed: apt-get install chromium"
    else
        say "no Chromium: tests/browser is skipped; ENVMGR_CHROMIUM may name one"
    fi
}
