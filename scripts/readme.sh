#!/usr/bin/env bash
# Compares the programs that the README shows with the examples that are built and run.
set -euo pipefail
cd "$(dirname "$0")/.."

# block LANGUAGE: the README's first fenced block in that language.
block() {
    awk -v fence="\`\`\`$1" '$0 == fence && !done { inside = 1; next }
        /^```$/ && inside { inside = 0; done = 1 } inside' README.md
}

status=0
while read -r language file; do
    if ! diff <(block "$language") "$file"; then
        echo "README.md shows another program than $file" >&2
        status=1
    fi
done <<'PAIRS'
rust worker/examples/hello.rs
c bindings/c/examples/hello.c
PAIRS
exit $status
