#!/usr/bin/env bash
# Builds what the clients talk to, installs the clients' libraries and runs them.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
cargo build -p slotway-hub -p slotway-tests --bin slotway --bin slotway-rust-worker
cargo build -p slotway --example site
environment=$target/clients
if ! cmp -s tests/clients/requirements.txt "$environment/installed.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
    cp tests/clients/requirements.txt "$environment/installed.txt"
fi
if ! cmp -s tests/clients/package-lock.json tests/clients/node_modules/.installed; then
    (cd tests/clients && npm ci --no-audit --no-fund --loglevel=error)
    cp tests/clients/package-lock.json tests/clients/node_modules/.installed
fi
status=0
"$environment/bin/python" tests/clients/run.py \
    "$target/debug/slotway" "$target/debug/slotway-rust-worker" "$target/debug/examples/site" || status=1
"$environment/bin/python" tests/clients/streams.py "$target/debug/slotway" || status=1
exit $status
