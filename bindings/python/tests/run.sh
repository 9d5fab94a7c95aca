#!/usr/bin/env bash
# Checks the Python package as its users meet it: a wheel, built and installed into a fresh
# virtual environment, types, and pytest against a real hub. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
here=$PWD/bindings/python
environment=$target/python/environment

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "python3 is older than 3.11, which the package needs"
    exit 77
fi
# `SLOTWAY_PROGRAM` names a hub that is there already.
if [ -z "${SLOTWAY_PROGRAM:-}" ]; then
    cargo build -p slotway-hub
    export SLOTWAY_PROGRAM=$target/debug/slotway
fi

# The tools stay from one run to the next; the package is always installed anew.
if ! cmp -s "$here/tests/requirements.txt" "$environment/installed.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check \
        -r "$here/tests/requirements.txt"
    cp "$here/tests/requirements.txt" "$environment/installed.txt"
fi
rm -rf "$target/python/wheels"
CARGO_TARGET_DIR=$target/python/build "$environment/bin/pip" wheel --quiet \
    --disable-pip-version-check --no-deps --wheel-dir "$target/python/wheels" "$here"
wheel=$(echo "$target"/python/wheels/slotway-*.whl)
echo "built $(basename "$wheel")"
case $wheel in *-cp311-abi3-*) ;; *) echo "the wheel is not one for every Python from 3.11" && exit 1 ;; esac
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"

# The source distribution has all that it takes to be built elsewhere.
rm -rf "$target/python/sdist"
"$environment/bin/maturin" sdist --manifest-path "$here/Cargo.toml" --out "$target/python/sdist"
sdist=$(echo "$target"/python/sdist/slotway-*.tar.gz)
MATURIN_PEP517_ARGS="--profile dev" CARGO_TARGET_DIR=$target/python/build "$environment/bin/pip" wheel \
    --quiet --disable-pip-version-check --no-deps --wheel-dir "$target/python/sdist" "$sdist"
echo "built $(basename "$sdist") and a wheel from it"

# Not from the source tree: what is installed is what is checked.
unset PYTHONPATH
cd "$target/python"
"$environment/bin/python" -c 'import slotway; print("installed slotway", slotway.__version__)'
"$environment/bin/mypy" --strict --cache-dir "$target/python/mypy" -p slotway
"$environment/bin/mypy" --strict --cache-dir "$target/python/mypy" \
    "$here"/examples/*.py "$here"/tests/types/*.py
"$environment/bin/python" -m mypy.stubtest slotway._slotway

# The other checker, which editors use. It is written in JavaScript, so npm brings it.
pyright=1.1.414
if command -v npm >/dev/null; then
    if [ "$(cat "$target/python/pyright/installed" 2>/dev/null)" != $pyright ]; then
        npm install --no-audit --no-fund --loglevel=error --prefix "$target/python/pyright" \
            pyright@$pyright
        echo $pyright >"$target/python/pyright/installed"
    fi
    checked() {
        PATH=$environment/bin:$PATH "$target/python/pyright/node_modules/.bin/pyright" "$@"
    }
    checked --verifytypes slotway --ignoreexternal | grep "completeness score: 100%" || {
        checked --verifytypes slotway --ignoreexternal || true
        echo "the public names are not typed completely" && exit 1
    }
    checked -p "$here"
else
    echo "npm is not here: types were not checked by pyright"
fi
PYTHONDONTWRITEBYTECODE=1 \
    "$environment/bin/python" -X dev -m pytest -p no:cacheprovider --timeout 300 -q \
    "$here/tests" "$@"
