#!/usr/bin/env bash
# Runs the README's "Five minutes": every sh block as it stands, in one shell, with a home
# of its own. What a following text block shows has to be in the block's output.
#
# Two things are not as the README has them: ports that are taken are replaced by free
# ones, and the programs are built without optimization (SLOTWAY_PROFILE), which a reader
# would not want and a test need not wait for.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cargo_home=${CARGO_HOME:-$HOME/.cargo} rustup_home=${RUSTUP_HOME:-$HOME/.rustup}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/slotway-tour.XXXXXX")
home=$scratch/home
mkdir -p "$home" "$scratch/run"
chmod 700 "$scratch/run"

# ended: the shell of the tour and whatever it started are one process group.
tour=
ended() {
    # Whatever it started may have ended by itself, which is no failure of the tour's.
    [ -z "$tour" ] || kill -- "-$tour" 2>/dev/null || true
    rm -rf "$scratch"
}
trap ended EXIT

# port WANTED: that port if nobody has it, else one that is free.
port() {
    python3 - "$1" <<'PYTHON'
import socket, sys
for wanted in (int(sys.argv[1]), 0):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", wanted))
        except OSError:
            continue
        print(s.getsockname()[1])
        break
PYTHON
}
http=$(port 8080) https=$(port 8443)

# The section as a script: the output of block N goes to a file N, the text that is to be
# in it to a file N.want. Where it breaks off, it says so.
awk -v out="$scratch" '
    BEGIN { print "exec 3>&2; trap '\''echo \"the tour: $BASH_COMMAND: ended with $?\" >&3'\'' ERR" }
    /^## / { inside = $0 == "## Five minutes" }
    !inside { next }
    /^```sh$/ { block++; printf "{\n"; mode = "sh"; next }
    /^```text$/ { mode = "text"; next }
    /^```$/ {
        if (mode == "sh") printf "} >%s/%d 2>&1\n", out, block
        mode = ""
        next
    }
    mode == "sh" { print }
    mode == "text" { print > (out "/" block ".want") }
' README.md | sed "s/\b8080\b/$http/g; s/\b8443\b/$https/g" |
    # The configuration that is written there has the port too, as a default.
    sed "/^slotway init$/a sed -i 's/^#listen = .*:8080.*/listen = [\"127.0.0.1:$http\"]/' slotway.toml" \
        >"$scratch/tour.sh"
blocks=$(grep -c '^} >' "$scratch/tour.sh")
[ "$blocks" -ge 5 ] || { echo "the README has no tour" >&2; exit 1; }

# The output of what runs in the background goes on into a block's file.
set -m
env -i HOME="$home" PATH="$PATH" LANG=C.UTF-8 XDG_RUNTIME_DIR="$scratch/run" \
    CARGO_HOME="$cargo_home" RUSTUP_HOME="$rustup_home" SLOTWAY_PROFILE=dev \
    timeout --foreground 900 bash -eu "$scratch/tour.sh" &
tour=$!
status=0
wait "$tour" || status=$?
set +m

for ((block = 1; block <= blocks; block++)); do
    [ -f "$scratch/$block" ] || continue
    echo "--- block $block"
    cat "$scratch/$block"
done
if [ "$status" -ne 0 ]; then
    echo "the tour ended with $status" >&2
    exit 1
fi
for want in "$scratch"/*.want; do
    while read -r line; do
        if ! grep -qF -- "$line" "${want%.want}"; then
            echo "block $(basename "${want%.want}") does not say: $line" >&2
            exit 1
        fi
    done < <(sed "s/\b8080\b/$http/g" "$want")
done
leftover=$(find "$scratch/run" -type s)
[ -z "$leftover" ] || { echo "left behind: $leftover" >&2; exit 1; }
echo "the tour of the README in $blocks blocks, each command run, from $root"
