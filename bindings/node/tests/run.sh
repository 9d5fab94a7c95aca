#!/usr/bin/env bash
# Checks the Node package as its users meet it: packed, installed into an empty project, its
# types, and node's test runner against a real hub. Arguments are files of tests, such as
# native/body; without any all of them run.
set -euo pipefail
cd "$(dirname "$0")/../../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
here=$PWD/bindings/node
project=$target/node/project

if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then
    echo "node with npm, 20 or newer, is not here, and the package needs it"
    exit 77
fi
# `SLOTWAY_PROGRAM` names a hub that is there already.
if [ -z "${SLOTWAY_PROGRAM:-}" ]; then
    cargo build -p slotway-hub
    export SLOTWAY_PROGRAM=$target/debug/slotway
fi

rm -rf "$target/node/package"
mkdir -p "$target/node/package" "$project"
(cd "$here" && CARGO_TARGET_DIR=$target/node/build node scripts/build.js)
(cd "$here" && npm pack --silent --pack-destination "$target/node/package" >/dev/null)
package=$(echo "$target"/node/package/slotway-*.tgz)
echo "packed $(basename "$package")"

# An empty directory, without a registry and without a compiler, is all that it takes.
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
(
    cd "$empty"
    npm install --silent --no-audit --no-fund --offline "$package"
    node -e 'console.log("required slotway", require("slotway").version)'
    node --input-type=module -e 'import { version } from "slotway"; console.log("imported slotway", version)'
    [[ $(npx --offline slotway --help) == "Usage: slotway"* ]]
)

# The frameworks and tools stay from one run to the next; the package is always installed anew.
if ! cmp -s "$here/test/package.json" "$project/package.json"; then
    rm -rf "$project"
    mkdir -p "$project"
    cp "$here/test/package.json" "$project/package.json"
fi
rm -rf "$project/test" "$project/examples" "$project/node_modules/slotway"
cp -r "$here/test" "$here/examples" "$project/"
cd "$project"
npm install --silent --no-audit --no-fund --no-package-lock --no-save "$package"

# Not from the source tree: what is installed is what is checked.
files=()
for name in "$@"; do files+=("test/$name.test.js"); done
if [ ${#files[@]} -eq 0 ]; then mapfile -t files < <(find test -name '*.test.js' | sort); fi
timeout 1200 node --test --test-reporter=spec "${files[@]}"
