#!/usr/bin/env bash
# Compares the C interface with the stored one, ffi/abi/libslotway.abi: functions, their
# arguments, and every struct's fields with their offsets. Exits with 1 when programs that
# were built with the stored one would break, or when something was added and not stored;
# `scripts/abi.sh --store` stores what there is now.
#
# abigail reads no types of Rust, so it is shown a library of C with the header's functions,
# each of them empty. That libslotway.so has the same symbols as the header is checked by
# bindings/c/tests/run.sh, and that header and library speak of one version by its program.c.
set -euo pipefail
cd "$(dirname "$0")/.."
stored=ffi/abi/libslotway.abi
for tool in abidw abidiff; do
    if ! command -v $tool >/dev/null; then
        echo "abi: $tool is not here (on Debian: apt install abigail-tools)"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

major=$(sed -n 's/^#define SLOTWAY_ABI_MAJOR //p' include/slotway.h)
# Every declaration of a function, over as many lines as it has, becomes a definition.
{
    echo '#include <slotway.h>'
    awk '/^[a-z][a-z0-9_ ]*[ *]slotway_[a-z_]+\(/ && !/^typedef/ { inside = 1 }
        inside { line = $0; if (line ~ /;$/) { sub(/;$/, " { __builtin_trap(); }", line); inside = 0 } print line }' \
        include/slotway.h
} >"$work/stubs.c"
declared=$(grep -v '^//' include/slotway.h | grep -o 'slotway_[a-z_]*(' | sort -u | wc -l)
defined=$(grep -c '__builtin_trap' "$work/stubs.c")
if [ "$declared" != "$defined" ]; then
    echo "abi: the header declares $declared functions, and $defined were found" >&2
    exit 1
fi
"${CC:-gcc}" -shared -fPIC -g -w -Iinclude "-fdebug-prefix-map=$work=." -Wl,-soname,"libslotway.so.$major" \
    -o "$work/libslotway.so" "$work/stubs.c"
abidw --no-show-locs --no-comp-dir-path --no-corpus-path --no-elf-needed --no-architecture \
    "$work/libslotway.so" >"$work/libslotway.abi"

if [ "${1:-}" = --store ]; then
    cp "$work/libslotway.abi" "$stored"
    echo "abi: stored $defined functions in $stored"
    exit 0
fi
status=0
said=$(abidiff --no-architecture "$stored" "$work/libslotway.abi" 2>&1) || status=$?
if [ "$status" = 0 ]; then
    echo "abi: $defined functions, as stored"
    exit 0
fi
echo "$said"
echo "abi: the interface is not the stored one. Where programs that were built before go on" \
    "working (a function is new, a struct that states its size has grown) raise" \
    "SLOTWAY_ABI_MINOR, else SLOTWAY_ABI_MAJOR; then run scripts/abi.sh --store" >&2
exit 1
