#!/usr/bin/env bash
# Headless Chromium: the tests of the dashboard of a hub under load and of events, with `screenshots` the
# pictures of the README, and with `page URL…` a page that a worker serves.
set -euo pipefail
cd "$(dirname "$0")/../.."
chromium=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$chromium" ]; then
    echo "browser: Chromium is not here (on Debian: apt install chromium)." >&2
    # Elsewhere that is skipped; in CI it is a failure.
    [ -n "${SLOTWAY_CI:-}" ] || exit 77
    exit 1
fi
export CHROMIUM=$chromium
cargo build -p slotway-hub -p slotway-tests --bin slotway --bin slotway-rust-worker
cd tests/browser
# What is installed is left alone until the lock changes.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed
fi
case ${1:-tests} in
    tests) exec node --test --test-concurrency=1 --test-reporter=spec dashboard.test.mjs events.test.mjs ;;
    screenshots) exec node screenshots.mjs ;;
    page) shift && exec node page.mjs "$@" ;;
    *) echo "browser: no such thing: $1" >&2; exit 2 ;;
esac
