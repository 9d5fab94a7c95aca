#!/usr/bin/env bash
# Finds what `make demo`, `make test` and `make bench` need, and installs what it can:
# Debian packages when it runs as root, programs written in Rust into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() { ! command -v "$1" >/dev/null 2>&1; }

# Without these nothing works.
for tool in cargo gcc make; do
    if missing "$tool"; then
        echo "setup: $tool is not here. Install Rust (https://rustup.rs), and gcc and make" \
            "(on Debian: apt install gcc make)." >&2
        exit 1
    fi
done

# Only for `make test` and `make bench`: program and the Debian package that has it.
if [ "${1:-}" = all ]; then
    packages=()
    for pair in g++:g++ pkg-config:pkg-config strace:strace valgrind:valgrind cmake:cmake \
        curl:curl abidiff:abigail-tools openssl:openssl python3:python3 node:nodejs npm:npm chromium:chromium \
        ${2:-}; do
        missing "${pair%%:*}" && packages+=("${pair#*:}")
    done
    # Debian has the virtual environments of its Python in a package of their own.
    python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
    if [ ${#packages[@]} -gt 0 ]; then
        if [ "$(id -u)" = 0 ] && ! missing apt-get; then
            echo "setup: installing ${packages[*]}"
            export DEBIAN_FRONTEND=noninteractive
            { apt-get update -qq && apt-get install -qq -y --no-install-recommends "${packages[@]}"; } \
                >/dev/null 2>&1 || echo "setup: could not install ${packages[*]}" >&2
        else
            echo "setup: for every check install: ${packages[*]}" >&2
        fi
    fi
    if [ ! -x target/tools/bin/cbindgen ]; then
        echo "setup: building cbindgen (once)"
        cargo install --quiet --locked --root target/tools --version 0.29.4 cbindgen
    fi
fi
