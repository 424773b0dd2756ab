# Sourced by demo, test and check: finds a Python, makes the virtual environment, installs what setup.cfg says.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
VENV=.venv

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Shouwang needs Python 3.11 or newer. On Debian and Raspberry Pi OS:"
    say "    sudo apt-get install python3 python3-venv"
    return 1
}

# install EXTRAS: makes .venv and installs the checkout with these extras, unless that was done for this very setup.cfg.
install() {
    local extras=$1 python stamp
    stamp="$VENV/.installed-$extras-$(sha256sum setup.cfg pyproject.toml | sha256sum | cut -c1-16)"
    if [ -e "$stamp" ] && "$VENV/bin/python" -c 'import edge_agent' 2>/dev/null; then return; fi
    python=$(find_python) || return 1
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        say "This Python has no venv. One line installs it:"
        say "    sudo apt-get install python3-venv"
        return 1
    fi
    if ! "$VENV/bin/python" -c 'import pip' 2>/dev/null; then
        say "Making the virtual environment ($("$python" --version)) ..."
        "$python" -m venv --clear "$VENV" || return 1
    fi
    say "Installing shouwang[$extras]; the first time takes a minute or two ..."
    if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --editable ".[$extras]" >"$VENV/install.log" 2>&1; then
        tail -n 20 "$VENV/install.log" >&2
        say "The installation failed; the lines above, and all of $VENV/install.log, say why."
        return 1
    fi
    rm -f "$VENV"/.installed-"$extras"-*
    touch "$stamp"
}

# fetch_picamera2: the wheel whose source tests/contract/test_picamera2.py reads; it is never installed, for it needs libcamera.
fetch_picamera2() {
    local folder=.cache/picamera2
    compgen -G "$folder/picamera2-*.whl" >/dev/null && return
    "$VENV/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --timeout 20 --retries 1 \
        --dest "$folder" picamera2==0.3.38 2>/dev/null ||
        say "picamera2's source could not be fetched: its contract test is SKIPPED."
}
