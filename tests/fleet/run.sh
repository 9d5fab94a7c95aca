#!/usr/bin/env bash
# Two workers in Python, one in C and one in Node take activities from one queue while one of
# them is killed every 200 ms. Builds what it needs; what the languages' own tests have built
# already is built no second time. `FLEET_CALLS` says how many activities (10,000).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
fleet=$target/fleet
mkdir -p "$fleet"

cargo build -p slotway-hub
cargo build -p slotway-ffi
cargo build -p slotway-tests --bin slotway-fleet

"${CC:-cc}" -O1 -I include bindings/c/examples/queue.c -o "$fleet/queue-c" \
    "$target/debug/libslotway.a" -lgcc_s -lutil -lrt -lpthread -lm -ldl

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "python3 is older than 3.11, which the package needs"
    exit 77
fi
python=$fleet/python
[ -x "$python/bin/python" ] || python3 -m venv "$python"
rm -rf "$fleet/wheels"
CARGO_TARGET_DIR=$target/python/build "$python/bin/pip" wheel --quiet --disable-pip-version-check \
    --no-deps --wheel-dir "$fleet/wheels" bindings/python
"$python/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall \
    "$fleet"/wheels/slotway-*.whl

if ! command -v npm >/dev/null; then
    echo "npm is not here, and the Node worker needs it"
    exit 77
fi
node=$fleet/node
rm -rf "$node" && mkdir -p "$node"
(cd bindings/node && CARGO_TARGET_DIR=$target/node/build node scripts/build.js)
(cd bindings/node && npm pack --silent --pack-destination "$node" >/dev/null)
(cd "$node" && echo '{"private":true}' >package.json &&
    npm install --silent --no-audit --no-fund --offline ./slotway-*.tgz)
cp bindings/node/examples/queue.mjs "$node/"

"$target/debug/slotway-fleet" \
    "$python/bin/python $root/bindings/python/examples/queue_worker.py" \
    "$python/bin/python $root/bindings/python/examples/queue_worker.py" \
    "$fleet/queue-c" \
    "node $node/queue.mjs"
